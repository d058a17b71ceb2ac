// Unpacks the page's programs: LZMA makes them a quarter smaller than gzip, which is all that a browser unpacks by itself from a device.
// By hand, as the LZMA specification of the LZMA SDK describes it: of the packages for it, one takes over a second for a program, and the
// other is six times as large and wants npm wherever the page is built.

/** Probabilities of a bit tree begin in the middle. */
const HALF = 1024;

/** Where the probabilities of each kind of bit begin, in one array. */
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

const CUT = "it was cut off on its way";

/** The most bytes that one step takes. */
const STEP = 20;

/** Bytes that are handed on at a time, or more. */
const PIECE = 1 << 16;

function joined(left, right) {
  const both = new Uint8Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}

/** What was unpacked of bytes that come in parts. */
class Unpacking {
  /** Begins with the first bytes, at least 18: a header of 13 and what the bits begin with. */
  constructor(first) {
    const header = new DataView(first.buffer, first.byteOffset, 18);
    const properties = header.getUint8(0);
    const size = header.getUint32(5, true);
    if (properties >= 225 || size > LARGEST || header.getUint32(9, true)) throw new SyntaxError("it is no LZMA of a known size");
    const rest = (properties / 9) | 0;
    this.literalBits = properties % 9;
    this.literalMask = (1 << rest % 5) - 1;
    this.positionMask = (1 << ((rest / 5) | 0)) - 1;
    this.bits = new Bits(first, 13, LITERALS + (0x300 << (this.literalBits + (rest % 5))));
    this.out = new Uint8Array(size);
    this.at = 0;
    this.state = 0;
    this.reps = [0, 0, 0, 0];
  }

  /** Takes the bytes that come next behind those that are left. */
  take(next) {
    this.bits.bytes = joined(this.bits.bytes.subarray(this.bits.at), next);
    this.bits.at = 0;
  }

  /** Unpacks as far as the bytes reach, or to the end where no more will come. */
  run(isLast) {
    const { length } = this.bits.bytes;
    const last = isLast ? length : length - STEP;
    while (this.at < this.out.length && this.bits.at <= last) this.step();
    if (isLast && (this.at < this.out.length || this.bits.at > length)) throw new SyntaxError(CUT);
  }

  step() {
    const { bits, out, at, state } = this;
    const position = at & this.positionMask;
    if (bits.bit(IS_MATCH + (state << 4) + position)) {
      const length = bits.bit(IS_REP + state) ? this.again(position) : this.match(position);
      this.copy(length);
      return;
    }
    const context = ((at & this.literalMask) << this.literalBits) + ((out[at - 1] | 0) >> (8 - this.literalBits));
    out[at] = bits.literal(LITERALS + 0x300 * context, state < 7 ? -1 : out[at - this.reps[0] - 1]);
    this.at += 1;
    this.state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
  }

  /** Returns the length of what comes from a new distance. */
  match(position) {
    const length = this.bits.length(MATCH_LENGTHS, position);
    const [rep0, rep1, rep2] = this.reps;
    this.reps = [this.bits.distance(length), rep0, rep1, rep2];
    this.state = this.state < 7 ? 7 : 10;
    return length;
  }

  /** Returns the length of what comes from one of the last four distances. */
  again(position) {
    const { bits, state } = this;
    const [rep0, rep1, rep2, rep3] = this.reps;
    const isLiteral = state < 7;
    if (!bits.bit(IS_REP_G0 + state)) {
      if (!bits.bit(IS_REP0_LONG + (state << 4) + position)) {
        this.state = isLiteral ? 9 : 11;
        return 1;
      }
    } else if (!bits.bit(IS_REP_G1 + state)) this.reps = [rep1, rep0, rep2, rep3];
    else if (!bits.bit(IS_REP_G2 + state)) this.reps = [rep2, rep0, rep1, rep3];
    else this.reps = [rep3, rep0, rep1, rep2];
    this.state = isLiteral ? 8 : 11;
    return bits.length(REP_LENGTHS, position);
  }

  copy(length) {
    const { out } = this;
    const back = this.reps[0] + 1;
    const end = this.at + length;
    if (back > this.at || end > out.length) throw new SyntaxError("its packed bytes are damaged");
    for (let at = this.at; at < end; at += 1) out[at] = out[at - back];
    this.at = end;
  }
}

/** Hands on what is unpacked of what a reader of a stream brings. */
async function* pieces(reader) {
  let unpacking;
  let told = 0;
  let first = new Uint8Array(0);
  for (let isLast = false; !isLast; ) {
    const { done, value = new Uint8Array(0) } = await reader.read();
    isLast = done;
    if (unpacking) unpacking.take(value);
    else {
      first = joined(first, value);
      if (first.length >= 18) unpacking = new Unpacking(first);
      else if (isLast) throw new SyntaxError(CUT);
      else continue;
    }
    unpacking.run(isLast);
    if (isLast || unpacking.at >= told + PIECE) {
      yield unpacking.out.subarray(told, unpacking.at);
      told = unpacking.at;
    }
  }
}

/**
 * Returns the answer of a server with a program as it was before it was packed as `xz --format=lzma` does it where it knows the size. It breaks off,
 * and `refuse` gets a sentence, where that is not what comes, or not all of it.
 */
export function unlzma(answer, refuse = () => {}) {
  const reader = answer.body.getReader();
  const unpacked = pieces(reader);
  const body = new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await unpacked.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        if (error instanceof SyntaxError) refuse(error.message);
        reader.cancel(error).catch(() => {});
        throw error;
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, { headers: { "Content-Type": "application/wasm" } });
}
