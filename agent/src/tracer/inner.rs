//! What the lock protects.

use super::count::Count;
use super::ledger::{Failed, Ledger, Suspect};
use super::records::{Block, Entry, Gone, RecordCursor, Records, Slot};
use super::sink::Sink;
use super::stacks::Stacks;
use super::storage::{Storage, Tables};
use super::table::{Buffer, Link};
use super::view::{self, Counters, Destination, Mode, Record, State, Summary, Trace, WrongFree};
use super::{Allocation, FailedAllocation, Free};

pub(super) struct Inner {
    pub(super) state: State,
    /// Where events go now; [`route`](Inner::route) keeps these two right.
    pub(super) allocations: Route,
    pub(super) frees: Route,
    pub(super) mode: Option<Mode>,
    /// A start is clearing the tables, step by step.
    pub(super) clearing: bool,
    pub(super) trace: Trace,
    started_us: u64,
    /// Times that recording went on after a stop or a pause.
    gaps: u32,
    last_seq: u64,
    counters: Counters,
    pub(super) storage: Option<Storage>,
    pub(super) sink: Option<&'static dyn Sink>,
    pub(super) records: Records,
    pub(super) stacks: Stacks,
    ledger: Ledger,
    /// Number of the running leak query, 0 if none is.
    query: u32,
    last_query: u32,
}

/// Where events of one kind go: all that an event has to ask. At most one is true.
#[derive(Clone, Copy, Default)]
pub(super) struct Route {
    /// Into the table, in leaks mode.
    pub(super) leaks: bool,
    /// Into the table, in all mode.
    pub(super) all: bool,
    /// The long way: to a host if there is one, into the table if there is one, and past suspects.
    pub(super) long: bool,
}

/// A search for the blocks that suspects lie in.
pub(super) struct Search {
    pub(super) trace: Trace,
    /// Number of the last suspect.
    until: u64,
    cursor: RecordCursor,
}

impl Route {
    const NOWHERE: Self = Self {
        leaks: false,
        all: false,
        long: false,
    };
}

impl Inner {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Uninitialised,
            allocations: Route::NOWHERE,
            frees: Route::NOWHERE,
            mode: None,
            clearing: false,
            trace: Trace { id: 0, tables: 0 },
            started_us: 0,
            gaps: 0,
            last_seq: 0,
            counters: NO_COUNTERS,
            storage: None,
            sink: None,
            records: Records::EMPTY,
            stacks: Stacks::EMPTY,
            ledger: Ledger::EMPTY,
            query: 0,
            last_query: 0,
        }
    }

    /// Takes new tables into use and returns the buffer of the old ones.
    pub(super) fn install(&mut self, tables: Tables) -> Option<Buffer> {
        let old = self.withdraw();
        let Tables {
            storage,
            records,
            stacks,
        } = tables;
        self.records = records;
        self.records.clear(self.mode.unwrap_or_default());
        self.stacks = stacks;
        self.storage = Some(storage);
        old
    }

    /// Takes the tables out of use and returns their buffer.
    ///
    /// Whoever reads the records page by page must be able to tell that they are gone: so what was
    /// traced takes the number of its trace with it.
    pub(super) fn withdraw(&mut self) -> Option<Buffer> {
        if self.counters != NO_COUNTERS {
            self.trace.id = self.trace.id.wrapping_add(1);
        }
        self.records = Records::EMPTY;
        self.stacks = Stacks::EMPTY;
        self.forget();
        self.storage.take().map(Storage::into_buffer)
    }

    /// Begins a new trace: everything is empty, though the buckets are still to be cleared.
    pub(super) fn clear(&mut self, mode: Mode, now_us: u64) {
        self.trace.id = self.trace.id.wrapping_add(1);
        self.mode = Some(mode);
        self.records.clear(mode);
        self.stacks.clear();
        self.forget();
        self.started_us = now_us;
    }

    fn forget(&mut self) {
        self.trace.tables = self.trace.tables.wrapping_add(1);
        self.started_us = 0;
        self.gaps = 0;
        self.counters = NO_COUNTERS;
        self.ledger = Ledger::EMPTY;
        self.query = 0;
    }

    #[inline(always)]
    pub(super) fn has_table(&self) -> bool {
        self.records.capacity() > 0
    }

    /// Returns the next sequence number: the time, or one more than the last if that is later.
    #[inline(always)]
    pub(super) fn stamp(&mut self, time_us: u64) -> u64 {
        if time_us <= self.last_seq {
            return self.stamp_behind();
        }
        self.last_seq = time_us;
        time_us
    }

    /// Seldom are there two events in one microsecond; so the usual way has to load nothing for this one.
    #[cold]
    #[inline(never)]
    fn stamp_behind(&mut self) -> u64 {
        self.last_seq += 1;
        self.last_seq
    }

    /// Decides anew what becomes of events; to be called after every change of state.
    pub(super) fn route(&mut self) {
        let for_host = self.sink.is_some() || !self.has_table();
        let is_leaks = self.mode == Some(Mode::Leaks);
        let way = |is_taken: bool, long: bool| Route {
            leaks: is_taken && !long && is_leaks,
            all: is_taken && !long && !is_leaks,
            long: is_taken && long,
        };
        self.allocations = way(self.state == State::Recording, for_host);
        let is_watched = for_host || self.ledger.has_suspects();
        self.frees = way(self.state >= State::Recording, is_watched);
    }

    /// Notes that allocations were not recorded for a while, after a stop also no frees, and now are.
    pub(super) fn end_gap(&mut self) {
        // It may be the first time that anything is recorded.
        if self.mode.is_none() {
            return;
        }
        self.gaps += 1;
        if self.state == State::Stopped && self.counters.allocations > 0 {
            // A number of its own: so one gap is told from the next.
            let now = self.stamp_behind();
            self.ledger.distrust(now);
        }
    }

    /// Counts an allocation and records it; `mode` is the trace's own.
    #[inline(always)]
    pub(super) fn allocated(&mut self, mode: Mode, event: &Allocation<'_>, count: &Count) {
        let seq = self.allocation(event);
        let stack = self.stacks.allocated(event.stack, event.task, event.size);
        let slot = match self.records.room(mode) {
            Some(slot) => slot,
            None => self.evict(count),
        };
        let block = Block {
            address: event.address.get(),
            size: event.size,
            core: event.core,
            seq,
            stack,
        };
        self.records.insert(mode, slot, &block);
        count.increment();
    }

    /// Counts an allocation, and returns its sequence number.
    #[inline(always)]
    fn allocation(&mut self, event: &Allocation<'_>) -> u64 {
        self.counters.allocations += 1;
        self.counters.allocated_bytes += event.size as u64;
        self.stamp(event.time_us)
    }

    /// Does what [`allocated`](Self::allocated) does, with or without a table; returns the number. Without one, no record
    /// finds room.
    #[cold]
    pub(super) fn allocated_for_host(&mut self, event: &Allocation<'_>, count: &Count) -> u64 {
        if self.has_table() {
            self.allocated(self.mode.unwrap_or_default(), event, count);
            self.last_seq
        } else {
            self.counters.evicted += 1;
            self.counters.evicted_live += 1;
            self.counters.evicted_live_bytes += event.size as u64;
            self.allocation(event)
        }
    }

    /// Counts a free and takes its record off, or marks it; `mode` is the trace's own.
    #[inline(always)]
    pub(super) fn freed(&mut self, mode: Mode, event: &Free<'_>, count: &Count) {
        let gone = match mode {
            Mode::Leaks => self.records.take(event.address),
            Mode::All => self.mark(event),
        };
        let Some(gone) = gone else {
            return self.unmatched(event);
        };
        self.counters.matched_frees += 1;
        self.counters.matched_bytes += gone.size as u64;
        self.stacks.freed(gone.stack, gone.size);
        if mode == Mode::Leaks {
            self.stacks.release(gone.stack);
            count.decrement();
        }
    }

    /// All mode: marks the record of a block as freed; it refers to the freeing stack from now on.
    #[inline(always)]
    fn mark(&mut self, event: &Free<'_>) -> Option<Gone> {
        if event.address == 0 {
            return None;
        }
        let freed_by = self.stacks.intern(event.stack, event.task);
        let gone = self.records.free(event.address, event.time_us, freed_by);
        if gone.is_none() {
            self.stacks.release(freed_by);
        }
        gone
    }

    /// Does what [`freed`](Self::freed) does, with or without a table and suspects; returns a number.
    #[cold]
    pub(super) fn freed_the_long_way(&mut self, event: &Free<'_>, count: &Count) -> u64 {
        if self.has_table() {
            if let Some(block) = self.records.find(event.address) {
                self.convict(&block);
            }
            self.freed(self.mode.unwrap_or_default(), event, count);
        } else {
            self.unmatched(event);
        }
        self.stamp(event.time_us)
    }

    #[cold]
    fn unmatched(&mut self, event: &Free<'_>) {
        if event.address == 0 {
            return;
        }
        self.counters.unmatched_frees += 1;
        self.counters.unmatched_bytes += event.size as u64;
        let suspect = Suspect {
            number: self.counters.unmatched_frees,
            address: event.address,
            after: self.last_seq,
            time_us: event.time_us,
        };
        if self.has_table() && !self.ledger.suspect(suspect) {
            self.counters.unchecked_frees += 1;
        }
        self.route();
    }

    /// Takes the suspects inside a block that is about to go for wrong frees.
    fn convict(&mut self, block: &Entry) {
        let stack = self.stacks.id(block.stack);
        self.counters.wrong_frees += self.ledger.convict(block, stack);
    }

    /// Gives up the oldest record and returns its slot.
    #[cold]
    fn evict(&mut self, count: &Count) -> Link<Slot> {
        let oldest = self.records.next_evicted();
        if self.ledger.has_suspects() && oldest.freed.is_none() {
            self.convict(&oldest);
        }
        let (slot, gone) = self.records.evict();
        count.decrement();
        self.counters.evicted += 1;
        match gone.freed_by {
            Some(freed_by) => self.stacks.release(freed_by),
            None => {
                self.counters.evicted_live += 1;
                self.counters.evicted_live_bytes += gone.size as u64;
                self.stacks.evicted(gone.stack, gone.size);
            }
        }
        self.stacks.release(gone.stack);
        slot
    }

    pub(super) fn failed(&mut self, event: &FailedAllocation<'_>) -> u64 {
        let seq = self.stamp(event.time_us);
        self.counters.failed += 1;
        self.counters.failed_bytes += event.size as u64;
        if self.has_table() {
            let stack = self.stacks.intern(event.stack, event.task);
            let failed = Failed {
                time_us: event.time_us,
                size: event.size,
                stack,
            };
            if let Some(forgotten) = self.ledger.failed(failed) {
                self.stacks.release(forgotten);
            }
        }
        seq
    }

    /// Counts what became of an event that was offered to the host.
    pub(super) fn offered(&mut self, taken: bool) {
        match taken {
            true => self.counters.sent += 1,
            false => self.counters.dropped += 1,
        }
    }

    /// Returns the number of records, from the counters: they and the tables begin together.
    pub(super) fn count(&self) -> u32 {
        let counters = &self.counters;
        let freed = match self.mode {
            Some(Mode::Leaks) => counters.matched_frees,
            Some(Mode::All) | None => 0,
        };
        (counters.allocations - counters.evicted - freed) as u32
    }

    pub(super) fn summary(&self) -> Summary {
        let counters = Counters {
            stacks_recycled: self.stacks.recycled(),
            other_allocations: self.stacks.other_allocations(),
            ..self.counters
        };
        let gone = counters.matched_frees + counters.evicted_live;
        let gone_bytes = counters.matched_bytes + counters.evicted_live_bytes;
        Summary {
            state: self.state,
            destination: self.destination(),
            mode: self.mode,
            trace: self.trace,
            started_us: self.started_us,
            gaps: self.gaps,
            doubtful_until_us: self.ledger.trusted_after(),
            count: self.count(),
            capacity: self.records.capacity().into(),
            high_water_mark: self.records.high_water_mark().into(),
            live_count: counters.allocations - gone,
            live_bytes: counters.allocated_bytes - gone_bytes,
            stack_count: self.stacks.count().into(),
            stack_capacity: self.stacks.capacity().into(),
            split: self.storage.as_ref().map(Storage::view).unwrap_or_default(),
            counters,
        }
    }

    fn destination(&self) -> Option<Destination> {
        match self.state {
            State::Uninitialised => None,
            _ if self.sink.is_some() => Some(Destination::ToHost),
            _ => Some(Destination::Standalone),
        }
    }

    /// Copies out up to a step of records; returns how many, and whether there may be more.
    pub(super) fn read(&self, cursor: &mut RecordCursor, out: &mut [Record]) -> (usize, bool) {
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

    /// Begins a leak query, unless one is running.
    pub(super) fn begin_query(&mut self) -> Option<u32> {
        if self.query != 0 {
            return None;
        }
        self.last_query = self.last_query.checked_add(1).unwrap_or(1);
        self.query = self.last_query;
        Some(self.query)
    }

    pub(super) fn end_query(&mut self) {
        self.query = 0;
    }

    /// Adds a step of live records to the sums of a query; returns whether there may be more.
    pub(super) fn tally(&mut self, cursor: &mut RecordCursor, query: u32, before: u64) -> bool {
        let stacks = &mut self.stacks;
        let mut young = false;
        let more = self.records.step(cursor, |entry| {
            young = entry.seq >= before;
            if !young && entry.freed.is_none() {
                stacks.tally(entry.stack, query, entry.size, entry.seq);
            }
            !young
        });
        more && !young
    }

    /// Begins to look for the blocks that the next few suspects lie in, if there are any.
    pub(super) fn begin_search(&self) -> Option<Search> {
        Some(Search {
            trace: self.trace,
            until: self.ledger.next_suspects()?,
            cursor: RecordCursor::after(self.trace, 0),
        })
    }

    /// Looks at a step of live blocks; returns whether there may be more. Suspects stay until the last,
    /// for a block may go in between.
    pub(super) fn search(&mut self, search: &mut Search) -> bool {
        let (stacks, ledger, counters) = (&self.stacks, &mut self.ledger, &mut self.counters);
        let more = self.records.step(&mut search.cursor, |entry| {
            if entry.freed.is_none() && ledger.has_suspect_in(&entry) {
                counters.wrong_frees += ledger.convict(&entry, stacks.id(entry.stack));
            }
            true
        });
        if !more {
            ledger.acquit(search.until);
        }
        more
    }

    pub(super) fn failures(&self) -> heapless::Vec<view::Failure, { super::ledger::FAILURES }> {
        self.ledger.failures(|stack| self.stacks.id(stack))
    }

    pub(super) fn wrong_frees(&self) -> heapless::Vec<WrongFree, { super::ledger::WRONG_FREES }> {
        self.ledger.wrong_frees()
    }
}

/// `Counters::default()`, in a constant.
const NO_COUNTERS: Counters = Counters {
    allocations: 0,
    allocated_bytes: 0,
    matched_frees: 0,
    matched_bytes: 0,
    unmatched_frees: 0,
    unmatched_bytes: 0,
    wrong_frees: 0,
    unchecked_frees: 0,
    evicted: 0,
    evicted_live: 0,
    evicted_live_bytes: 0,
    failed: 0,
    failed_bytes: 0,
    other_allocations: 0,
    stacks_recycled: 0,
    sent: 0,
    dropped: 0,
};
