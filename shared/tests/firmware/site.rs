//! A call site to the millisecond, with blocks of any size, pauses, restarts and evictions.

use std::collections::{BTreeMap, BTreeSet};

use heapbeacon_shared::analysis::Passed;
use heapbeacon_shared::trace::{Births, Leak, Outlived, Period, Unrecorded};

use crate::workloads::answer::{Answer, BOOT};

const MS: u64 = 1_000;
pub(crate) const NEVER: u64 = u64::MAX;

/// A block: when it was allocated, in milliseconds, and its number.
pub(crate) type Block = (u64, u64);

#[derive(Clone, Debug)]
pub(crate) struct Site {
    live: BTreeMap<Block, u64>,
    due: BTreeSet<(u64, Block)>,
    next: u64,
    allocations: u64,
    frees: u64,
    evicted: u64,
    longest_ms: u64,
    started_ms: u64,
    pub(crate) trace: u32,
    pub(crate) recording: bool,
}

impl Default for Site {
    fn default() -> Self {
        Self {
            live: BTreeMap::new(),
            due: BTreeSet::new(),
            next: 0,
            allocations: 0,
            frees: 0,
            evicted: 0,
            longest_ms: 0,
            started_ms: 0,
            trace: 1,
            recording: true,
        }
    }
}

impl Site {
    /// Allocates a block at a millisecond that lives for so many.
    pub(crate) fn alloc(&mut self, at_ms: u64, size: u64, life_ms: u64) -> Block {
        self.next += 1;
        let block = (at_ms, self.next);
        if life_ms != NEVER {
            self.due.insert((at_ms + life_ms, block));
        }
        if self.recording {
            self.allocations += 1;
            self.live.insert(block, size);
        }
        block
    }

    /// Frees a block, which may have no record.
    pub(crate) fn free(&mut self, at_ms: u64, block: Block) {
        if self.live.remove(&block).is_some() {
            self.frees += 1;
            self.longest_ms = self.longest_ms.max(at_ms.saturating_sub(block.0));
        }
    }

    pub(crate) fn expire(&mut self, until_ms: u64) {
        while let Some((death, block)) = self.due.first().copied().filter(|due| due.0 <= until_ms) {
            self.due.pop_first();
            self.free(death, block);
        }
    }

    /// Starts another trace.
    pub(crate) fn restart(&mut self, second: u64) {
        self.live.clear();
        self.trace += 1;
        self.started_ms = second * 1_000;
        (self.allocations, self.frees, self.evicted, self.longest_ms) = (0, 0, 0, 0);
    }

    pub(crate) fn evict(&mut self, room: Option<usize>) {
        while room.is_some_and(|room| self.live.len() > room) {
            self.live.pop_first();
            self.evicted += 1;
        }
    }

    /// Returns what the device says at the end of a second.
    pub(crate) fn answer(&self, stack: u32, second: u64, pauses: &[(u64, u64)]) -> Answer {
        let us = |ms: u64| BOOT + ms * MS;
        let now_us = us((second + 1) * 1_000);
        let mut period = Period {
            started_us: us(self.started_ms),
            time_us: now_us,
            ..Period::default()
        };
        for (from, to) in pauses.iter().filter(|(from, _)| *from <= second) {
            let until_us = (*to <= second).then(|| us(to * 1_000));
            let from_us = us(from * 1_000);
            let _ = period.unrecorded.push(Unrecorded { from_us, until_us });
        }
        let longest_lifetime_us = self.longest_ms * MS;
        let until_us = period.recorded_until_us();
        let oldest_us = self
            .live
            .keys()
            .next()
            .map_or(until_us, |block| us(block.0));
        let mut births = Births::new(oldest_us, until_us);
        let mut outlived = Outlived::default();
        let mut bytes = 0;
        for (block, size) in &self.live {
            births.add(us(block.0));
            bytes += size;
            if Outlived::includes(us(block.0), now_us, longest_lifetime_us) {
                outlived.count += 1;
                outlived.bytes += size;
            }
        }
        Answer {
            leak: Leak {
                stack,
                count: self.live.len() as u64,
                bytes,
                oldest_us: self.live.keys().next().map_or(0, |block| us(block.0)),
                newest_us: self.live.keys().next_back().map_or(0, |block| us(block.0)),
                outlived,
                births,
            },
            passed: Passed {
                allocations: self.allocations,
                frees: self.frees,
                evicted: self.evicted,
                longest_lifetime_us,
                is_shared: false,
            },
            period,
        }
    }
}
