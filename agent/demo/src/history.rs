//! The sensor's history: small blocks that stay, between larger ones that go.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

/// Number of raw blocks that are freed together.
pub(crate) const BATCH: usize = 16;

/// What is known of the past.
///
/// Every entry takes a raw block of 256 to 1,216 bytes and directly after it a summary of 24 to 136.
/// The raw blocks of a batch are freed together while the summaries stay, which leaves as many
/// holes: free memory that a larger block does not fit into.
#[derive(Debug)]
pub(crate) struct History {
    raw: Vec<Box<[u8]>>,
    summaries: VecDeque<Box<[u8]>>,
    /// Number of summaries that are kept: each pins the hole before it.
    kept: usize,
    entries: usize,
}

impl History {
    /// Creates an empty history, which owns no block, and will keep so many summaries.
    pub(crate) fn new(kept: usize) -> Self {
        Self {
            kept,
            raw: Vec::new(),
            summaries: VecDeque::new(),
            entries: 0,
        }
    }

    /// Appends an entry; the oldest summary goes when there are as many as are kept.
    #[inline(never)]
    pub(crate) fn append(&mut self) {
        if self.raw.len() == BATCH {
            self.raw.clear();
        }
        if self.summaries.len() == self.kept {
            self.summaries.pop_front();
        }
        self.raw.push(raw_block(self.entries));
        self.summaries.push_back(summarise(self.entries));
        self.entries = self.entries.wrapping_add(1);
    }

    /// Drops all entries and the lists that held them.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.kept);
    }

    /// Returns the number of short-lived blocks.
    #[cfg(test)]
    pub(crate) fn raw_blocks(&self) -> usize {
        self.raw.len()
    }

    /// Returns the number of long-lived blocks.
    #[cfg(test)]
    pub(crate) fn summaries(&self) -> usize {
        self.summaries.len()
    }
}

// The factors are odd and the moduli powers of two, so that every size comes up.

#[inline(never)]
fn raw_block(entry: usize) -> Box<[u8]> {
    vec![entry as u8; 256 + entry.wrapping_mul(7) % 16 * 64].into_boxed_slice()
}

#[inline(never)]
fn summarise(entry: usize) -> Box<[u8]> {
    vec![entry as u8; 24 + entry.wrapping_mul(5) % 8 * 16].into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_announced_number_of_long_lived_blocks_stays() {
        let mut history = History::new(256);
        for _ in 0..256 {
            history.append();
        }
        assert_eq!(history.summaries(), 256);
        for _ in 0..1000 {
            history.append();
            assert_eq!(history.summaries(), 256);
            assert!((1..=BATCH).contains(&history.raw_blocks()));
        }
    }

    #[test]
    fn blocks_have_mixed_sizes_in_the_announced_ranges() {
        let sizes = |block: fn(usize) -> Box<[u8]>| {
            let mut sizes: Vec<usize> = (0..64).map(|entry| block(entry).len()).collect();
            sizes.sort_unstable();
            sizes.dedup();
            sizes
        };
        let (raw, summaries) = (sizes(raw_block), sizes(summarise));
        assert_eq!((raw.len(), raw[0], raw[15]), (16, 256, 1216));
        assert_eq!((summaries.len(), summaries[0], summaries[7]), (8, 24, 136));
    }
}
