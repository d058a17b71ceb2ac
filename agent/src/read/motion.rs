//! Which parts of the heap are pointed into by words that move while a scan reads memory.
//!
//! A scan is no snapshot: a block whose only reference goes back and forth between two containers may be in the one while the other is
//! read. So memory is looked at many times over, and what points into each part of the heap is compared with what the first look
//! has told. What differs is in doubt.

use heapbeacon_shared::trace::Reference;

use crate::memory::WORD;

/// Looks of a scan that is to tell what is lost. Each misses a block that moves all the time with a chance of at most 1/e; the 24 looks of
/// two scans miss one of ten thousand such blocks once in two million cases.
pub const LOOKS: u8 = 12;
/// Most bytes of a line, which is the least that is told apart.
const LINE: u64 = 32 * WORD as u64;
/// Sums of what points into lines, of which several share one: as many as a device has room for, and more on a host, whose
/// heap is larger. Where more moves than that, less is called lost.
const SUMS: usize = if WORD == 8 { 1024 } else { 512 };

/// What has been seen of the words that point into each line.
pub(super) struct Motion {
    /// Odd. Another one with each scan: lines that share a sum in one do not in the next.
    salt: u32,
    /// Of the look that is told.
    told: [u16; SUMS],
    /// Of the look under way.
    now: [u16; SUMS],
    is_told: bool,
    /// A bit for each sum.
    moves: [u8; SUMS / 8],
}

impl Motion {
    /// Makes one; `seed` is another one for each scan.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            salt: fold(seed).wrapping_mul(0x9E37_79B1) | 1,
            told: [0; SUMS],
            now: [0; SUMS],
            is_told: true,
            moves: [0; SUMS / 8],
        }
    }

    /// Notes a word that the look under way has met; returns whether it is the look that is told.
    pub(super) fn note(&mut self, reference: &Reference) -> bool {
        let (at, to) = (fold(reference.at.0), fold(reference.to.0));
        let mixed = (at.rotate_left(16) ^ to).wrapping_mul(0x85EB_CA6B);
        // Without this, words that point to blocks at equal distances could make up for each other.
        let mixed = (mixed ^ (mixed >> 13)).wrapping_mul(self.salt);
        // Never 0: where one word more or less is all there is, it is seen for certain.
        let mark = (mixed >> 16) as u16 | 1;
        let sum = &mut self.now[self.place(self.line(reference.to.0))];
        *sum = sum.wrapping_add(mark);
        self.is_told
    }

    /// Ends a look at all memory.
    pub(super) fn end_look(&mut self) {
        if core::mem::take(&mut self.is_told) {
            self.told = self.now;
        }
        for index in 0..SUMS {
            let is_other = self.told[index] != self.now[index];
            self.moves[index / 8] |= u8::from(is_other) << (index % 8);
        }
        self.now = [0; SUMS];
    }

    /// Checks whether any word has moved.
    pub(super) fn has_moves(&self) -> bool {
        self.moves != [0; SUMS / 8]
    }

    /// Checks whether a word that points into a block may have moved meanwhile.
    pub(super) fn has_moved(&self, start: u64, size: u64) -> bool {
        let last = start.saturating_add(size.saturating_sub(1));
        let (first, last) = (self.line(start), self.line(last));
        if last.wrapping_sub(first) >= SUMS as u64 {
            return self.has_moves();
        }
        (first..=last).any(|line| {
            let place = self.place(line);
            self.moves[place / 8] & (1 << (place % 8)) != 0
        })
    }

    /// Returns the line that an address is in. How long lines are and where they begin depends on the scan, so that a block does not
    /// share one with the same neighbours each time.
    fn line(&self, address: u64) -> u64 {
        let bytes = LINE >> ((self.salt >> 8 & 7) * 2 / 3);
        let shift = u64::from(self.salt >> 16) * WORD as u64 % LINE;
        address.wrapping_add(shift) / bytes
    }

    fn place(&self, line: u64) -> usize {
        let mixed = fold(line).wrapping_mul(self.salt) >> 16;
        (mixed as usize * SUMS) >> 16
    }
}

/// Mixes both halves of a number.
fn fold(number: u64) -> u32 {
    (number ^ (number >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::Address;

    use super::*;

    const SEED: u64 = 77;
    const HEAP: u64 = 0x3FC8_0000;
    /// Bytes of a small block.
    const SMALL: u64 = 4 * WORD as u64;

    /// Looks twice, with a word in between that points somewhere.
    fn moved(to: u64) -> Motion {
        let mut motion = Motion::new(SEED);
        motion.end_look();
        let reference = Reference {
            at: Address(0x3FC0_0000),
            to: Address(to),
        };
        assert!(!motion.note(&reference), "only the first look tells");
        motion.end_look();
        motion
    }

    #[test]
    fn a_block_has_moved_if_any_of_its_lines_has() {
        let size = 8 * LINE;
        for offset in (0..size).step_by(WORD) {
            let motion = moved(HEAP + offset);
            assert!(motion.has_moved(HEAP, size), "at {offset}");
            assert!(motion.has_moved(HEAP + offset, 0), "at {offset}");
            assert!(!motion.has_moved(HEAP + size + LINE, 1), "at {offset}");
        }
    }

    #[test]
    fn a_block_of_more_lines_than_there_are_sums_moves_with_any_word() {
        let size = LINE * (SUMS as u64 + 1);
        assert!(moved(HEAP - LINE * 100).has_moved(HEAP, size));
        assert!(!Motion::new(SEED).has_moved(HEAP, size));
    }

    #[test]
    fn a_block_at_the_end_of_all_addresses_is_no_overflow() {
        let motion = moved(HEAP);
        motion.has_moved(u64::MAX, 1);
        motion.has_moved(u64::MAX - 4, u64::MAX);
    }

    /// Of many scans there is one in which a block shares no line with the words that move on either side.
    #[test]
    fn a_small_block_among_those_that_move_is_told_apart_in_some_scan() {
        let is_apart = |seed| {
            let mut motion = Motion::new(seed);
            motion.end_look();
            for to in [HEAP, HEAP + 2 * SMALL] {
                let at = Address(0x3FC0_0000);
                motion.note(&Reference {
                    at,
                    to: Address(to),
                });
            }
            motion.end_look();
            !motion.has_moved(HEAP + SMALL, SMALL)
        };
        assert!((1..100).any(|second| is_apart(second * 1_000_003)));
    }
}
