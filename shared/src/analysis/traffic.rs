//! What passes through the heap: how large blocks are, how long they live, and which are gone at once.

use alloc::vec::Vec;
use core::ops::RangeInclusive;

use super::by_id::ById;
use super::ranked::ranked;

/// Buckets: one for 0, and one for each power of two.
const BUCKETS: usize = 65;

/// How often values were in which range: 0, and from each power of two to the next.
///
/// ```
/// use heapbeacon_shared::analysis::Histogram;
///
/// let mut sizes = Histogram::default();
/// [24, 31, 100].map(|size| sizes.add(size));
/// let counts: Vec<_> = sizes.buckets().collect();
/// assert_eq!(counts, [(16..=31, 2), (32..=63, 0), (64..=127, 1)]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: [u64; BUCKETS],
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: [0; BUCKETS],
            total: 0,
        }
    }
}

impl Histogram {
    /// Counts a value.
    pub fn add(&mut self, value: u64) {
        self.counts[bucket_of(value)] += 1;
        self.total += 1;
    }

    /// Returns how many values were counted.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Returns each range with the number of values in it, from the lowest that has any to the highest.
    pub fn buckets(&self) -> impl Iterator<Item = (RangeInclusive<u64>, u64)> + '_ {
        let has_any = |count: &u64| *count > 0;
        let first = self.counts.iter().position(has_any).unwrap_or(0);
        let end = self.counts.iter().rposition(has_any);
        let end = end.map_or(first, |last| last + 1);
        (first..end).map(|bucket| (range_of(bucket), self.counts[bucket]))
    }

    /// Returns the range that the middle one of all values is in; `None` if there is none.
    pub fn median(&self) -> Option<RangeInclusive<u64>> {
        let mut below = 0;
        let bucket = self.counts.iter().position(|count| {
            below += count;
            below * 2 > self.total
        });
        bucket.map(range_of)
    }
}

fn bucket_of(value: u64) -> usize {
    (u64::BITS - value.leading_zeros()) as usize
}

fn range_of(bucket: usize) -> RangeInclusive<u64> {
    match bucket {
        0 => 0..=0,
        _ => 1 << (bucket - 1)..=u64::MAX >> (BUCKETS - 1 - bucket),
    }
}

/// A block that was seen from its allocation on, and how it ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lived {
    /// Id of the call stack that allocated it.
    pub stack: u32,
    /// Its bytes.
    pub size: u64,
    /// When it was allocated, in microseconds since boot.
    pub time_us: u64,
    /// When it was freed, if it was.
    pub freed_us: Option<u64>,
}

/// What passed through a call stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passing {
    /// Blocks that it was seen to allocate.
    pub allocations: u64,
    /// Blocks of them that were seen to be freed.
    pub frees: u64,
    /// Those that were freed within one further allocation, whoever allocated that.
    pub temporary: u64,
    /// Longest lifetime of a freed one, in microseconds.
    pub longest_lifetime_us: u64,
}

/// What passed through the heap while somebody looked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes of each block that was allocated.
    pub sizes: Histogram,
    /// Microseconds that each freed block lived.
    pub lifetimes: Histogram,
    /// Blocks that were freed within one further allocation: what could have been on the stack, or reused.
    pub temporary: u64,
    by_stack: ById<Passing>,
}

impl Traffic {
    /// Takes it from blocks in the order of their allocation, freed ones among them: those of all mode.
    pub fn of(blocks: &[Lived]) -> Self {
        let mut traffic = Self::default();
        for (index, block) in blocks.iter().enumerate() {
            traffic.allocated(block.stack, block.size);
            if let Some(freed_us) = block.freed_us {
                let second_next = blocks.get(index + 2);
                let is_temporary = second_next.is_none_or(|next| next.time_us > freed_us);
                let lifetime_us = freed_us.saturating_sub(block.time_us);
                traffic.freed(block.stack, lifetime_us, is_temporary);
            }
        }
        traffic
    }

    /// Counts a block that was allocated.
    pub fn allocated(&mut self, stack: u32, size: u64) {
        self.sizes.add(size);
        self.by_stack.entry(stack, Passing::default).allocations += 1;
    }

    /// Counts a block that was freed, by the call stack that allocated it.
    pub fn freed(&mut self, stack: u32, lifetime_us: u64, is_temporary: bool) {
        self.lifetimes.add(lifetime_us);
        self.temporary += u64::from(is_temporary);
        let passing = self.by_stack.entry(stack, Passing::default);
        passing.frees += 1;
        passing.temporary += u64::from(is_temporary);
        passing.longest_lifetime_us = passing.longest_lifetime_us.max(lifetime_us);
    }

    /// Returns what passed through a call stack.
    pub fn through(&self, stack: u32) -> Passing {
        self.by_stack.get(stack).copied().unwrap_or_default()
    }

    /// Returns the call stacks with temporary blocks, those with the most first, and how many.
    pub fn most_temporary(&self, most: usize) -> Vec<(u32, u64)> {
        let temporary = self.by_stack.iter();
        let temporary = temporary.map(|(stack, passing)| (*stack, passing.temporary));
        let temporary = temporary.filter(|(_, count)| *count > 0);
        ranked(temporary, most, |a, b| a.1 > b.1)
    }
}

#[cfg(test)]
mod tests;
