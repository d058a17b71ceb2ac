//! What readers ask for, one hold of the lock each.

use heapbeacon_shared::trace::{
    Births, Destination, Failure, Mode, Period, Record, State, Summary, WrongFree,
};
use heapless::Vec;

use super::{Entry, Inner, Records};
use crate::tracer::cursors::{LeakCursor, RecordCursor};
use crate::tracer::ledger::{FAILURES, WRONG_FREES};
use crate::tracer::storage::Storage;
use crate::tracer::values::{Status, Trace};

/// A search for the blocks that pending frees were of.
pub(in crate::tracer) struct Search {
    pub(in crate::tracer) trace: Trace,
    /// Number of the last pending free.
    until: u64,
    cursor: RecordCursor,
}

impl Inner {
    /// Returns the number of records, from the counters: they and the tables begin together.
    pub(in crate::tracer) fn count(&self) -> u32 {
        (self.counters.total_allocations - self.records_gone()) as u32
    }

    /// Works out how many allocations there were from the number of records: so a hook counts but one of the two.
    #[inline(never)]
    pub(in crate::tracer) fn settle(&mut self, count: u32) {
        self.counters.total_allocations = self.records_gone() + u64::from(count);
    }

    /// Returns how many allocations have no record any more, or never had one.
    fn records_gone(&self) -> u64 {
        let counters = &self.counters;
        let freed = match self.mode {
            Some(Mode::Leaks) => counters.matched_frees + counters.missed_frees,
            Some(Mode::All) | None => 0,
        };
        counters.evicted + freed
    }

    pub(in crate::tracer) fn summary(&self) -> Summary {
        let counters = &self.counters;
        let gone = counters.matched_frees + counters.missed_frees + counters.evicted_live;
        let gone_bytes = [
            counters.matched_freed_bytes,
            counters.missed_freed_bytes,
            counters.evicted_live_bytes,
        ];
        Summary {
            time_us: self.last_seq,
            started_us: self.started_us,
            state: self.state,
            destination: self.destination(),
            mode: self.mode,
            count: self.count(),
            capacity: self.records.capacity().into(),
            high_water_mark: self.records.high_water_mark().into(),
            live_count: counters.total_allocations - gone,
            live_bytes: gone_bytes
                .iter()
                .fold(counters.total_allocated_bytes, |sum, bytes| {
                    sum.wrapping_sub(*bytes)
                }),
            stack_count: self.stacks.count().into(),
            stack_capacity: self.stacks.capacity().into(),
            stacks_recycled: self.stacks.recycled(),
            other_allocations: self.stacks.other_allocations(),
            gaps: self.gaps,
            doubtful_until_us: self.ledger.trusted_after(),
            ..self.counters
        }
    }

    /// Returns the time that a list of leaks is of.
    pub(in crate::tracer) fn period(&self, time_us: u64) -> Period {
        Period {
            started_us: self.started_us,
            time_us,
            doubtful_until_us: self.ledger.trusted_after(),
            unrecorded: self.unrecorded.list(),
        }
    }

    pub(in crate::tracer) fn status(&self) -> Status {
        Status {
            trace: self.trace,
            split: self.storage.as_ref().map(Storage::view).unwrap_or_default(),
            summary: self.summary(),
        }
    }

    fn destination(&self) -> Option<Destination> {
        match self.state {
            State::Uninitialised => None,
            _ if self.ring.is_some() => Some(Destination::ToHost),
            _ => Some(Destination::Standalone),
        }
    }

    /// Copies out up to a step of records; returns how many, and whether there may be more.
    pub(in crate::tracer) fn read(
        &self,
        cursor: &mut RecordCursor,
        out: &mut [Record],
    ) -> (usize, bool) {
        let mut read = 0;
        let more = self.records.step(cursor, |entry| {
            let Some(place) = out.get_mut(read) else {
                return false;
            };
            *place = entry.view(
                |stack| self.stacks.id(stack),
                |stack| self.stacks.task(stack),
            );
            read += 1;
            true
        });
        (read, more)
    }

    /// Begins a leak query, unless one is running that does not give way to it.
    pub(in crate::tracer) fn begin_query(&mut self, gives_way: bool) -> Option<u32> {
        if self.query != 0 && (gives_way || !self.query_gives_way) {
            return None;
        }
        self.query_gives_way = gives_way;
        self.last_query = self.last_query.checked_add(1).unwrap_or(1);
        self.query = self.last_query;
        Some(self.query)
    }

    /// Ends a leak query; returns whether it was still the running one.
    pub(in crate::tracer) fn end_query(&mut self, query: u32) -> bool {
        let is_running = self.query == query;
        if is_running {
            self.query = 0;
        }
        is_running
    }

    /// Adds a step of live records to the sums of a query; returns whether there may be more.
    pub(in crate::tracer) fn tally(
        &mut self,
        cursor: &mut RecordCursor,
        query: u32,
        leaks: &LeakCursor,
    ) -> bool {
        if self.query != query {
            // It gave way: the sums in the table are the other's.
            return false;
        }
        let Self {
            stacks, records, ..
        } = self;
        step_live(records, cursor, leaks.before_us(), |entry| {
            stacks.tally(entry.stack, query, entry.size, entry.seq, leaks.now_us());
        })
    }

    /// Counts a step of live records into the births of their call stacks; returns whether there may be more.
    pub(in crate::tracer) fn births(
        &self,
        cursor: &mut RecordCursor,
        before_us: u64,
        wanted: &mut [(u32, Births)],
    ) -> bool {
        step_live(&self.records, cursor, before_us, |entry| {
            let id = self.stacks.id(entry.stack);
            if let Some((_, births)) = wanted.iter_mut().find(|(stack, _)| *stack == id) {
                births.add(entry.seq);
            }
        })
    }

    /// Begins to look for the blocks that the next few pending frees were of, if there are any.
    pub(in crate::tracer) fn begin_search(&self) -> Option<Search> {
        Some(Search {
            trace: self.trace,
            until: self.ledger.next_pending()?,
            cursor: RecordCursor::after(self.trace, 0),
        })
    }

    /// Looks at a step of records; returns whether there may be more. Pending frees stay until the last,
    /// for a record may go in between.
    pub(in crate::tracer) fn search(&mut self, search: &mut Search) -> bool {
        let (stacks, ledger, counters) = (&mut self.stacks, &mut self.ledger, &mut self.counters);
        let more = self.records.step(&mut search.cursor, |entry| {
            if ledger.explains(&entry) {
                counters.wrong_frees += ledger.compare(&entry, stacks);
            }
            true
        });
        if !more {
            counters.wrong_frees += ledger.settle(search.until, stacks);
        }
        more
    }

    pub(in crate::tracer) fn failures(&self) -> Vec<Failure, FAILURES> {
        self.ledger.failures(&self.stacks)
    }

    pub(in crate::tracer) fn wrong_frees(&self) -> Vec<WrongFree, WRONG_FREES> {
        self.ledger.wrong_frees(&self.stacks)
    }
}

/// Visits a step of records of live blocks that were allocated before a moment; returns whether there may be more.
fn step_live(
    records: &Records,
    cursor: &mut RecordCursor,
    before_us: u64,
    mut visit: impl FnMut(&Entry),
) -> bool {
    let mut young = false;
    let more = records.step(cursor, |entry| {
        young = entry.seq >= before_us;
        if !young && entry.freed.is_none() {
            visit(&entry);
        }
        !young
    });
    more && !young
}
