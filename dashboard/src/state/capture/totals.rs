//! What all messages of a capture come to.

use heapbeacon_shared::api::{
    Address, LeaksPage, RECENT_WRONG_FREES, RecentWrongFrees, State, Trace, WrongFree,
};
use heapbeacon_shared::wire;

use super::fold::Fold;
use crate::state::ranking::ranked;

/// Call stacks that are listed as holding memory, the largest first: more than a record buffer of 64 KiB has room for.
pub const LISTED: usize = 512;

impl Fold {
    /// Returns what the trace was doing: as the device counted, or else as far as there are records.
    pub(super) fn trace(&self) -> Trace {
        let trace_id = self.header.as_ref().map(|header| header.trace_id);
        match &self.counters {
            Some(counters) => Trace {
                trace_id: trace_id.unwrap_or(u32::from(counters.started > 0)),
                dropped: counters.dropped.max(self.dropped),
                missed_frees: self.missed_frees.frees,
                missed_freed_bytes: self.missed_frees.bytes,
                recent_wrong_frees: self.recent_wrong_frees(),
                // A clock may step back, and no record is from later than the capture.
                time_us: self.us(counters.time).max(self.newest_us()),
                started_us: self.us(counters.started),
                doubtful_until_us: self.us(counters.doubtful_until),
                ..as_counted(counters)
            },
            None => Trace {
                trace_id: trace_id.unwrap_or(1),
                dropped: self.dropped,
                ..self.as_recorded()
            },
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
            time_us: self.us(wrong.time),
            kind: wrong.kind,
            address: Address(wrong.address),
            block: Address(wrong.block),
            owner: wrong.owner,
            freed_by: wrong.freed_by,
            first_freed_by: wrong.first_freed_by,
        });
        recent.collect()
    }

    /// Adds up the records, where nobody has counted.
    fn as_recorded(&self) -> Trace {
        let live = || self.records.iter().filter(|record| !record.freed);
        let times = || self.records.iter().map(|record| record.time_us);
        let count = self.records.len() as u32;
        Trace {
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
            ..Trace::default()
        }
    }

    /// Adds the live blocks to their call stacks.
    pub(super) fn add_up(&mut self) {
        for record in self.records.iter().filter(|record| !record.freed) {
            let place = self.stack_places.get(&record.stack);
            let Some(leak) = place.and_then(|place| self.stacks.get_mut(*place)) else {
                continue;
            };
            leak.count += 1;
            leak.bytes = leak.bytes.saturating_add(record.size);
            leak.oldest_us = leak.oldest_us.min(record.time_us);
            leak.newest_us = leak.newest_us.max(record.time_us);
        }
    }

    /// Lists who holds live blocks, most bytes first.
    pub(super) fn leaks(&self, trace: &Trace) -> LeaksPage {
        let live = || self.stacks.iter().filter(|leak| leak.count > 0);
        let listed = ranked(live(), LISTED, |a, b| a.bytes > b.bytes);
        LeaksPage {
            trace_id: trace.trace_id,
            time_us: trace.time_us,
            total: live().count() as u32,
            leaks: listed.into_iter().cloned().collect(),
        }
    }
}

/// Copies the counters that both sides call by one name.
fn as_counted(counters: &wire::Counters) -> Trace {
    Trace {
        state: counters.state,
        destination: counters.destination,
        mode: counters.mode,
        count: counters.count,
        capacity: counters.capacity,
        high_water_mark: counters.high_water_mark,
        has_overflowed: counters.capacity > 0 && counters.evicted > 0,
        total_allocations: counters.total_allocations,
        total_allocated_bytes: counters.total_allocated_bytes,
        total_frees: counters
            .matched_frees
            .saturating_add(counters.unmatched_frees),
        matched_frees: counters.matched_frees,
        matched_freed_bytes: counters.matched_freed_bytes,
        unmatched_frees: counters.unmatched_frees,
        unmatched_freed_bytes: counters.unmatched_freed_bytes,
        wrong_frees: counters.wrong_frees,
        unchecked_frees: counters.unchecked_frees,
        evicted: counters.evicted,
        evicted_live: counters.evicted_live,
        evicted_live_bytes: counters.evicted_live_bytes,
        failed_allocations: counters.failed_allocations,
        failed_bytes: counters.failed_bytes,
        live_count: counters.live_count,
        live_bytes: counters.live_bytes,
        stack_count: counters.stack_count,
        stack_capacity: counters.stack_capacity,
        stacks_recycled: counters.stacks_recycled,
        other_allocations: counters.other_allocations,
        sent: counters.sent,
        gaps: counters.gaps,
        ..Trace::default()
    }
}
