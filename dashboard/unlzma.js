// Unpacks the page's programs: LZMA makes them a quarter smaller than gzip, which is all that a browser unpacks by itself from a device.
// By hand, as the LZMA specification of the LZMA SDK describes it: of the packages for it, one takes over a second for a program, and the
// other is six times as large and wants npm wherever the page is built.

/** Probabilities of a bit tree begin in the middle. */
const HALF = 1024;

/** Where the probabilities of each kind of bit begin, in one array. A `STATES` in rows of 16 is for each state and position. */
const IS_MATCH = 0;
const IS_REP0_LONG = 192;
const IS_REP = 384;
const IS_REP_G0 = 396;
const IS_REP_G1 = 408;
const IS_REP_G2 = 420;
const POSITION_SLOTS = 432;
const POSITIONS = 688;
const ALIGN = 816;
const MATCH_LENGTHS = 832;
const REP_LENGTHS = 1346;
const LITERALS = 1860;

/** Where the parts of the probabilities of lengths begin: two choices, and three trees. */
const LOW = 2;
const MIDDLE = 130;
const HIGH = 258;

/** Bytes that no program of the page has: other files are not taken for one. */
const LARGEST = 1 << 26;

/** Takes bits from bytes, each by a probability that it learns. */
class Bits {
  constructor(bytes, at, probabilities) {
    this.bytes = bytes;
    this.at = at + 5;
    this.probabilities = new Uint16Array(probabilities).fill(HALF);
    this.range = 0xffffffff;
    this.code = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 1);
  }

  refill() {
    // Beyond its end there are zeros: `unlzma` looks whether it came there.
    this.code = ((this.code << 8) | this.bytes[this.at++]) >>> 0;
    this.range = (this.range << 8) >>> 0;
  }

  bit(index) {
    const probability = this.probabilities[index];
    const bound = (this.range >>> 11) * probability;
    const bit = this.code < bound ? 0 : 1;
    if (bit) {
      this.range -= bound;
      this.code -= bound;
      this.probabilities[index] = probability - (probability >>> 5);
    } else {
      this.range = bound;
      this.probabilities[index] = probability + ((2048 - probability) >>> 5);
    }
    if (this.range < 0x1000000) this.refill();
    return bit;
  }

  /** Takes bits that are as likely one as zero. */
  direct(count) {
    let value = 0;
    while (count--) {
      this.range >>>= 1;
      const bit = this.code >= this.range ? 1 : 0;
      if (bit) this.code -= this.range;
      value = (value << 1) | bit;
      if (this.range < 0x1000000) this.refill();
    }
    return value;
  }

  tree(base, count) {
    let node = 1;
    for (let left = count; left; left -= 1) node = (node << 1) | this.bit(base + node);
    return node - (1 << count);
  }

  /** A tree whose lowest bit comes first. */
  reversed(base, count) {
    let node = 1;
    let value = 0;
    for (let place = 0; place < count; place += 1) {
      const bit = this.bit(base + node);
      node = (node << 1) | bit;
      value |= bit << place;
    }
    return value;
  }

  literal(base, expected) {
    let node = 1;
    // After a match, the byte that would have gone on with it says what is unlikely.
    for (let mask = expected < 0 ? 0 : 256; node < 256; ) {
      expected <<= 1;
      const side = mask && expected & 256;
      const bit = this.bit(base + mask + side + node);
      node = (node << 1) | bit;
      if (bit !== side >> 8) mask = 0;
    }
    return node & 255;
  }

  length(base, position) {
    if (!this.bit(base)) return 2 + this.tree(base + LOW + (position << 3), 3);
    if (!this.bit(base + 1)) return 10 + this.tree(base + MIDDLE + (position << 3), 3);
    return 18 + this.tree(base + HIGH, 8);
  }

  distance(length) {
    const slot = this.tree(POSITION_SLOTS + (Math.min(length - 2, 3) << 6), 6);
    if (slot < 4) return slot;
    const count = (slot >> 1) - 1;
    const distance = (2 | (slot & 1)) << count;
    if (slot < 14) return distance + this.reversed(POSITIONS + distance - slot, count);
    return (distance + (this.direct(count - 4) << 4) + this.reversed(ALIGN, 4)) >>> 0;
  }
}

/** Returns what was packed, of bytes as `xz --format=lzma` writes them with a known size. Throws where they are no such bytes, or too few. */
export function unlzma(packed) {
  const header = new DataView(packed.buffer, packed.byteOffset, 18);
  const properties = header.getUint8(0);
  const size = header.getUint32(5, true);
  if (properties >= 225 || size > LARGEST || header.getUint32(9, true)) throw new Error("it is no LZMA");
  const literalBits = properties % 9;
  const rest = (properties / 9) | 0;
  const literalMask = (1 << rest % 5) - 1;
  const positionMask = (1 << ((rest / 5) | 0)) - 1;
  const bits = new Bits(packed, 13, LITERALS + (0x300 << (literalBits + (rest % 5))));
  const out = new Uint8Array(size);
  let at = 0;
  let state = 0;
  let [rep0, rep1, rep2, rep3] = [0, 0, 0, 0];
  while (at < size) {
    const position = at & positionMask;
    if (!bits.bit(IS_MATCH + (state << 4) + position)) {
      const context = ((at & literalMask) << literalBits) + ((out[at - 1] | 0) >> (8 - literalBits));
      out[at] = bits.literal(LITERALS + 0x300 * context, state < 7 ? -1 : out[at - rep0 - 1]);
      at += 1;
      state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
      continue;
    }
    let length = 1;
    if (!bits.bit(IS_REP + state)) {
      [rep1, rep2, rep3] = [rep0, rep1, rep2];
      length = bits.length(MATCH_LENGTHS, position);
      rep0 = bits.distance(length);
      state = state < 7 ? 7 : 10;
    } else {
      let isShort = false;
      if (!bits.bit(IS_REP_G0 + state)) isShort = !bits.bit(IS_REP0_LONG + (state << 4) + position);
      else if (!bits.bit(IS_REP_G1 + state)) [rep0, rep1] = [rep1, rep0];
      else if (!bits.bit(IS_REP_G2 + state)) [rep0, rep1, rep2] = [rep2, rep0, rep1];
      else [rep0, rep1, rep2, rep3] = [rep3, rep0, rep1, rep2];
      if (!isShort) length = bits.length(REP_LENGTHS, position);
      state = isShort ? (state < 7 ? 9 : 11) : state < 7 ? 8 : 11;
    }
    if (rep0 >= at || at + length > size) throw new Error("its packed bytes are damaged");
    for (const end = at + length; at < end; at += 1) out[at] = out[at - rep0 - 1];
  }
  if (bits.at > packed.length) throw new Error("it was cut off on its way");
  return out;
}
