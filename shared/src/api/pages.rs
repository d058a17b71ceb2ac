//! JSON bodies that are longer than the agent can hold: it sends them a piece at a time.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Hole, Leak, Pinning, Record, RegionSums, Sentence, Stack};
use crate::analysis::{Held, Lived, Passed, Snapshot};
use crate::trace::{
    self, Mark, Name, Outlived, Period, Point, Reference, Root, Scan, Span, Summary,
};

/// A page of records: `GET /trace/records`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordsPage {
    /// The trace that the records belong to.
    pub trace_id: u32,
    /// Oldest first.
    pub records: Vec<Record>,
    /// `after` of the next page; null when this is the last.
    pub next: Option<u64>,
    /// The stacks that the records refer to.
    pub stacks: Vec<Stack>,
}

/// A page of call stacks: `GET /trace/stacks`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StacksPage {
    /// The trace that the stacks belong to.
    pub trace_id: u32,
    /// In the order of the table.
    pub stacks: Vec<Stack>,
    /// `after` of the next page; null when this is the last.
    pub next: Option<u64>,
}

/// Who holds the heap: `GET /trace/leaks`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeaksPage {
    /// The trace that the leaks belong to.
    pub trace_id: u32,
    /// The time that the list is of.
    #[serde(flatten)]
    pub period: Period,
    /// Call stacks with live blocks of the wanted age; `leaks` may hold fewer.
    pub total: u32,
    /// Most bytes first.
    pub leaks: Vec<Leak>,
}

/// What points into the heap: `GET /trace/references`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReferencesPage {
    /// The trace that was running meanwhile.
    pub trace_id: u32,
    /// Where the heap is, without the agent's own.
    pub heap: Vec<Span>,
    /// Where references begin.
    pub roots: Vec<Root>,
    /// Words that hold an address inside the heap; those in roots twice, for roots are read before the heap and behind it.
    /// At address 0: words that have moved meanwhile.
    pub references: Vec<Reference>,
    /// What the scan came to; null where the trace was started anew meanwhile, and what is told is of no use.
    pub scan: Option<Scan>,
}

/// The marks that are kept: `GET /marks`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MarksPage {
    /// Microseconds since boot, when this was read.
    pub time_us: u64,
    /// Oldest first.
    pub marks: Vec<Mark>,
    /// Older ones since boot that gave way to the next one each.
    pub merged: u32,
}

/// How full the heap was since boot: `GET /heap/history`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeapHistory {
    /// Microseconds since boot, when this was read.
    pub time_us: u64,
    /// Microseconds from one sample to the next; a point is at least that long.
    pub period_us: u64,
    /// Names of the regions, in the order of each point.
    pub regions: Vec<Name>,
    /// Oldest first, without a gap: the first one begins at boot, unless a region was added later. The newer, the shorter.
    pub points: Vec<Point>,
}

/// The holes of the heap, and which blocks pin them: `GET /heap/pins`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PinsPage {
    /// The trace whose records tell it.
    pub trace_id: u32,
    /// Microseconds since boot, when this was begun.
    pub time_us: u64,
    /// Every region of the heap.
    pub regions: Vec<PinnedRegion>,
    /// The call stacks that are referred to.
    pub stacks: Vec<Stack>,
    /// Whether the trace knows all blocks; if not, a hole may have some in it that no record is of.
    pub complete: bool,
    /// Why it does not; null where it does.
    pub reason: Option<Sentence>,
    /// Blocks that are handed out and have no record.
    pub untraced_blocks: u64,
    /// Allocations and frees while this was read: so many blocks may have moved.
    pub changes: u64,
}

/// The holes of a region.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PinnedRegion {
    /// What it is made of.
    pub region: RegionSums,
    /// Its largest holes, the largest first.
    pub holes: Vec<Hole>,
    /// Call stacks, by the hole that there would be without the blocks of one alone; the largest first.
    pub pinning: Vec<Pinning>,
}

impl LeaksPage {
    /// Returns how many of its call stacks have live blocks: those that the device lists itself.
    pub fn listed(&self) -> u64 {
        self.leaks.iter().filter(|leak| leak.count > 0).count() as u64
    }

    /// Takes the frames that were left out, because an earlier list of the same trace has them.
    pub fn recall(&mut self, earlier: &Self) {
        let unknown = self.leaks.iter_mut().map(|leak| &mut leak.stack);
        for stack in unknown.filter(|stack| stack.frames.is_empty()) {
            let mut known = earlier.leaks.iter().map(|leak| &leak.stack);
            if let Some(known) = known.find(|known| known.id == stack.id) {
                stack.frames.clone_from(&known.frames);
            }
        }
    }

    /// Returns what the analysis weighs of it.
    pub fn evidence(&self) -> Vec<(trace::Leak, Passed)> {
        let leaks = self.leaks.iter();
        leaks
            .map(|leak| (leak.evidence(), leak.stack.passed()))
            .collect()
    }

    /// Returns whether its list names every call stack that has live blocks.
    pub fn is_complete(&self) -> bool {
        self.listed() >= u64::from(self.total)
    }

    /// Returns what the analysis takes of it, with the totals of the trace that it belongs to.
    pub fn snapshot(&self, summary: &Summary) -> Snapshot {
        let held = self.leaks.iter().map(Leak::held).collect();
        Snapshot::new(self.period.time_us, held, self.is_complete(), summary)
    }
}

impl Stack {
    /// Returns what is known of it beside its live blocks.
    pub fn passed(&self) -> Passed {
        Passed {
            allocations: self.allocations,
            frees: self.frees,
            evicted: self.evicted,
            longest_lifetime_us: self.longest_lifetime_us,
            is_shared: self.id == 0,
        }
    }
}

impl Record {
    /// Returns how its block lived.
    pub fn lived(&self) -> Lived {
        Lived {
            stack: self.stack,
            size: self.size,
            time_us: self.time_us,
            freed_us: self.freed_time_us,
        }
    }
}

impl Leak {
    /// Adds a live block. The oldest of none was allocated at [`u64::MAX`].
    pub fn add(&mut self, time_us: u64, size: u64) {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(size);
        self.oldest_us = self.oldest_us.min(time_us);
        self.newest_us = self.newest_us.max(time_us);
    }

    /// Counts a live block among births and, if it has outlived what its call stack frees at `now_us`, among those.
    pub fn weigh(&mut self, time_us: u64, size: u64, now_us: u64) {
        self.births.add(time_us);
        if Outlived::includes(time_us, now_us, self.stack.longest_lifetime_us) {
            self.outlived.count += 1;
            self.outlived.bytes = self.outlived.bytes.saturating_add(size);
        }
    }

    /// Returns what a verdict is told from.
    pub fn evidence(&self) -> trace::Leak {
        trace::Leak {
            stack: self.stack.id,
            count: self.count,
            bytes: self.bytes,
            oldest_us: self.oldest_us,
            newest_us: self.newest_us,
            outlived: self.outlived,
            births: self.births.clone(),
        }
    }

    /// Returns its numbers, without who allocated.
    pub fn held(&self) -> Held {
        Held {
            stack: self.stack.id,
            bytes: self.bytes,
            count: self.count,
            evicted: self.stack.evicted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_were_left_out_are_recalled_by_the_id_of_their_call_stack() {
        let list = |stacks: &[(u32, &[u64])]| {
            let leak = |(id, frames): &(u32, &[u64])| Leak {
                stack: Stack {
                    id: *id,
                    frames: frames.iter().copied().map(trace::Address).collect(),
                    ..Stack::default()
                },
                ..Leak::default()
            };
            LeaksPage {
                leaks: stacks.iter().map(leak).collect(),
                ..LeaksPage::default()
            }
        };
        let mut page = list(&[(7, &[]), (9, &[3]), (0, &[])]);
        page.recall(&list(&[(9, &[4]), (7, &[1, 2])]));
        assert_eq!(page, list(&[(7, &[1, 2]), (9, &[3]), (0, &[])]));
    }
}
