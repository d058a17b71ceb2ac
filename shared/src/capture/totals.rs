//! What all messages of a capture come to.

use alloc::vec::Vec;

use crate::analysis::{judge, places, ranked};
use crate::api::{Leak, LeaksPage, RECENT_WRONG_FREES, RecentWrongFrees, Trace};
use crate::trace::{Births, Kind, Period, State, Summary, Unrecorded, WrongFree};

use super::fold::Fold;

/// Call stacks that are listed as holding memory, the largest first: more than a record buffer of 64 KiB has room for.
pub const LISTED: usize = 512;

impl Fold {
    /// Returns what the trace was doing: as the device counted, or else as far as there are records.
    pub(super) fn trace(&self) -> Trace {
        let summary = match &self.counters {
            Some(counters) => self.as_counted(counters),
            None => self.as_recorded(),
        };
        let trace_id = self.header.as_ref().map(|header| header.trace_id);
        let is_started = self.counters.is_none_or(|counters| counters.started_us > 0);
        Trace {
            trace_id: trace_id.unwrap_or(is_started.into()),
            has_overflowed: summary.has_overflowed(),
            total_frees: summary
                .matched_frees
                .saturating_add(summary.unmatched_frees),
            recent_wrong_frees: self.recent_wrong_frees(),
            summary,
            ..Trace::default()
        }
    }

    /// Returns what the device counted, with what it said beside.
    fn as_counted(&self, counters: &Summary) -> Summary {
        Summary {
            dropped: counters.dropped.max(self.dropped),
            missed_frees: self.missed_frees.frees,
            missed_freed_bytes: self.missed_frees.bytes,
            // A clock may step back, and no record is from later than the capture.
            time_us: self.us(counters.time_us).max(self.newest_us()),
            started_us: self.us(counters.started_us),
            doubtful_until_us: self.us(counters.doubtful_until_us),
            ..*counters
        }
    }

    fn newest_us(&self) -> u64 {
        self.records.last().map_or(0, |record| record.time_us)
    }

    /// Lists the latest wrong frees, oldest first, as many as a device does.
    fn recent_wrong_frees(&self) -> RecentWrongFrees {
        let latest = self.wrong_frees.len().saturating_sub(RECENT_WRONG_FREES);
        let recent = self.wrong_frees.iter().skip(latest);
        let recent = recent.map(|wrong| WrongFree {
            time_us: self.us(wrong.time_us),
            ..*wrong
        });
        recent.collect()
    }

    /// Adds up the records, where nobody has counted.
    fn as_recorded(&self) -> Summary {
        let live = || self.records.iter().filter(|record| !record.freed);
        let times = || self.records.iter().map(|record| record.time_us);
        let count = self.records.len() as u32;
        Summary {
            time_us: times().max().unwrap_or(0),
            started_us: times().min().unwrap_or(0),
            state: State::Stopped,
            count,
            capacity: count,
            high_water_mark: count,
            total_allocations: u64::from(count),
            live_count: live().count() as u64,
            live_bytes: live()
                .map(|record| record.size)
                .fold(0, u64::saturating_add),
            dropped: self.dropped,
            ..Summary::default()
        }
    }

    /// Adds the live blocks to their call stacks.
    pub(super) fn add_up(&mut self) {
        for record in self.records.iter().filter(|record| !record.freed) {
            let place = self.stack_places.get(&record.stack);
            let Some(leak) = place.and_then(|place| self.stacks.get_mut(*place)) else {
                continue;
            };
            leak.add(record.time_us, record.size);
        }
    }

    /// Adds what a stream tells of live blocks of which it has no records: births are counted from these, where there are any.
    pub(super) fn add_told(&mut self) {
        if !self.records.is_empty() {
            return;
        }
        for told in core::mem::take(&mut self.told) {
            let place = self.stack_places.get(&told.stack);
            if let Some(leak) = place.and_then(|place| self.stacks.get_mut(*place)) {
                leak.count = told.count;
                leak.bytes = told.bytes;
                leak.oldest_us = told.oldest_us;
                leak.newest_us = told.newest_us;
                leak.outlived = told.outlived;
                leak.births = told.births;
            }
        }
    }

    /// Lists who holds live blocks, most bytes first.
    pub(super) fn leaks(&self, trace: &Trace) -> LeaksPage {
        let live = || self.stacks.iter().filter(|leak| leak.count > 0);
        let listed = ranked(live(), LISTED, |a, b| a.bytes > b.bytes);
        let mut leaks: Vec<_> = listed.into_iter().cloned().collect();
        let period = self.period(&trace.summary);
        self.count_births(&mut leaks, &period);
        // An older agent says nothing of lifetimes: so nothing is said of what outlives them.
        if self.period.is_some() {
            for leak in &mut leaks {
                leak.verdict = judge(
                    &leak.evidence(),
                    &leak.stack.passed(),
                    &period,
                    Kind::TooEarly,
                );
            }
        }
        LeaksPage {
            trace_id: trace.trace_id,
            period,
            total: live().count() as u32,
            leaks,
        }
    }

    /// Returns the time that the list is of.
    fn period(&self, summary: &Summary) -> Period {
        let gap = |gap: &Unrecorded| Unrecorded {
            from_us: self.us(gap.from_us),
            until_us: gap.until_us.map(|until| self.us(until)),
        };
        let unrecorded = self.period.iter().flat_map(|period| &period.unrecorded);
        Period {
            started_us: summary.started_us,
            time_us: summary.time_us,
            doubtful_until_us: summary.doubtful_until_us,
            unrecorded: unrecorded.map(gap).collect(),
        }
    }

    /// Counts when the live blocks of each listed call stack were allocated, and which of them have outlived others.
    fn count_births(&self, leaks: &mut [Leak], period: &Period) {
        if self.records.is_empty() {
            return;
        }
        let now_us = period.recorded_until_us();
        for leak in &mut *leaks {
            leak.births = Births::new(leak.oldest_us, period.time_us);
        }
        let places = places(&mut leaks.iter().map(|leak| leak.stack.id));
        for record in self.records.iter().filter(|record| !record.freed) {
            let place = places.get(&record.stack);
            let Some(leak) = place.and_then(|place| leaks.get_mut(*place)) else {
                continue;
            };
            leak.weigh(record.time_us, record.size, now_us);
        }
    }
}
