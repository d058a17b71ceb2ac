//! What the lock protects, and what an event does to it.

use core::hint::cold_path;

use super::count::Count;
use super::ledger::{Failed, FreedBlock, Ledger, PendingFree, Room};
use super::records::{Block, Entry, Gone, MAX_TIME, Records, Slot, bounded};
use super::ring::Ring;
use super::stacks::Stacks;
use super::storage::{Storage, Tables};
use super::table::{Buffer, Link};
use super::unrecorded::Intervals;
use super::values::Trace;
use heapbeacon_shared::trace::{Mode, State, Summary};

use super::{Allocation, CallStack, FailedAllocation, Free, UnnamedFree};

mod host;
mod readers;
mod route;
mod time;

use route::Route;

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
    unrecorded: Intervals,
    last_seq: u64,
    /// What is counted. What only a reader asks for is 0 here; the allocations are as [`settle`](Inner::settle) has left them.
    counters: Summary,
    pub(super) storage: Option<Storage>,
    /// Where events are told of, in to-host mode.
    pub(super) ring: Option<&'static Ring>,
    pub(super) records: Records,
    pub(super) stacks: Stacks,
    ledger: Ledger,
    /// Number of the running leak query, 0 if none is.
    query: u32,
    /// Whether it ends where another one begins.
    query_gives_way: bool,
    last_query: u32,
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
            unrecorded: Intervals::NONE,
            last_seq: 0,
            counters: Summary::EMPTY,
            storage: None,
            ring: None,
            records: Records::EMPTY,
            stacks: Stacks::EMPTY,
            ledger: Ledger::EMPTY,
            query: 0,
            query_gives_way: false,
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
        if self.counters != Summary::EMPTY {
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
        self.unrecorded = Intervals::NONE;
        self.counters = Summary::EMPTY;
        self.ledger = Ledger::EMPTY;
        self.query = 0;
        self.tell_of_trace();
    }

    #[inline(always)]
    pub(super) fn has_table(&self) -> bool {
        self.records.capacity() > 0
    }

    /// Decides anew what becomes of events; to be called after every change of state.
    pub(super) fn route(&mut self) {
        let has_ring = self.ring.is_some();
        let has_table = self.has_table();
        let is_leaks = self.mode == Some(Mode::Leaks);
        let way = |is_taken: bool, is_watched: bool| {
            let is_short = is_taken && has_table && !is_watched;
            Route {
                leaks: is_short && is_leaks && !has_ring,
                all: is_short && !is_leaks && !has_ring,
                host: is_short && is_leaks && has_ring,
                long: is_taken && !(is_short && (is_leaks || !has_ring)),
            }
        };
        self.allocations = way(self.state == State::Recording, false);
        let is_watched = self.ledger.has_pending();
        self.frees = way(self.state >= State::Recording, is_watched);
    }

    /// Counts an allocation and records it; `mode` is the trace's own. It is told of on the ring if it `is_told`.
    ///
    /// Mode and this are constants wherever it is called: what they choose between is not looked at while events come.
    #[inline(always)]
    pub(super) fn allocated(
        &mut self,
        mode: Mode,
        is_told: bool,
        event: &Allocation<'_>,
        count: &Count,
    ) {
        let (size, seq) = self.allocation(event);
        let bucket = self.records.bucket(event.address.get());
        if self.records.may_hold(bucket, event.address.get()) {
            self.end_missed(mode, event.address.get(), count);
        }
        let stack = self.stacks.allocated(event.stack, event.task, size);
        let slot = match self.records.room(mode) {
            Some(slot) => slot,
            None => self.evict(count),
        };
        let block = Block {
            address: event.address.get(),
            size,
            core: event.core,
            seq,
            stack,
        };
        self.records.insert(mode, slot, bucket, &block);
        // Of the allocations themselves, `settle` knows.
        count.increment();
        if is_told {
            self.tell_of_allocation(event, size, stack);
        }
    }

    /// Counts the bytes of an allocation, and returns their number, as it is counted, and the sequence number.
    #[inline(always)]
    fn allocation(&mut self, event: &Allocation<'_>) -> (usize, u64) {
        let (size, time_us) = bounded(event.size, event.time_us);
        add_recorded(&mut self.counters.total_allocated_bytes, size);
        (size, self.stamp(time_us))
    }

    /// Ends the live record of an address that is handed out again, if there is one: its block was given back without a
    /// free that was seen. The heap was reset, a hook was passed by, or the trace was stopped meanwhile.
    #[cold]
    fn end_missed(&mut self, mode: Mode, address: usize, count: &Count) {
        let Some(block) = self.records.find(address) else {
            return;
        };
        self.explain_by(&block);
        let gone = match mode {
            Mode::Leaks => self.records.take(address, self.last_seq),
            Mode::All => self.records.free(address, self.last_seq, None),
        };
        let Some(gone) = gone else { return };
        self.counters.missed_frees += 1;
        add_recorded(&mut self.counters.missed_freed_bytes, gone.size);
        self.end_live(mode, &gone, count);
    }

    /// Takes a block that ended off the sums of its call stack, in leaks mode also its record off the count.
    #[inline(always)]
    fn end_live(&mut self, mode: Mode, gone: &Gone, count: &Count) {
        self.stacks
            .freed(mode, gone.stack, gone.size, gone.lifetime);
        if mode == Mode::Leaks {
            count.decrement();
        }
    }

    /// Counts a free and takes its record off, or marks it; `mode` is the trace's own. Returns the free if it has no
    /// record, and its call stack is to be named.
    #[inline(always)]
    pub(super) fn freed(
        &mut self,
        mode: Mode,
        is_told: bool,
        event: &Free<'_>,
        count: &Count,
    ) -> Option<UnnamedFree> {
        if is_told {
            self.pass(event.time_us);
        }
        let Some(gone) = self.take_off(mode, event) else {
            return self.unmatched(mode, event);
        };
        if is_told {
            self.tell_of_free(event.core, event.address, &gone);
        }
        self.matched(mode, &gone, count);
        None
    }

    /// Takes the record of a free off, or marks it.
    #[inline(always)]
    fn take_off(&mut self, mode: Mode, event: &Free<'_>) -> Option<Gone> {
        match mode {
            Mode::Leaks => self.records.take(event.address, self.last_seq),
            Mode::All => self.mark(event),
        }
    }

    /// Leaks mode: counts a free and removes its record; returns whether there was one.
    #[inline(always)]
    pub(super) fn freed_with_record(
        &mut self,
        is_told: bool,
        address: usize,
        count: &Count,
    ) -> bool {
        let Some(gone) = self.records.take(address, self.last_seq) else {
            return false;
        };
        if is_told {
            self.tell_of_free(0, address, &gone);
        }
        self.matched(Mode::Leaks, &gone, count);
        true
    }

    #[inline(always)]
    fn matched(&mut self, mode: Mode, gone: &Gone, count: &Count) {
        self.counters.matched_frees += 1;
        self.end_live(mode, gone, count);
        add_recorded(&mut self.counters.matched_freed_bytes, gone.size);
    }

    /// All mode: marks the record of a block as freed; it refers to the freeing stack from now on.
    #[inline(always)]
    fn mark(&mut self, event: &Free<'_>) -> Option<Gone> {
        if event.address == 0 {
            return None;
        }
        let freed_by = self.stacks.intern(event.stack, event.task);
        let time_us = event.time_us.max(self.last_seq);
        let gone = self.records.free(event.address, time_us, Some(freed_by));
        if gone.is_none() {
            self.stacks.release(freed_by);
        }
        gone
    }

    /// Does what [`freed`](Self::freed) does, in any mode, with or without a table, a ring and pending frees.
    #[cold]
    pub(super) fn freed_slow(&mut self, event: &Free<'_>, count: &Count) -> Option<UnnamedFree> {
        let mode = self.mode.unwrap_or_default();
        if !self.has_table() {
            return self.unmatched(mode, event);
        }
        if self.ledger.has_pending()
            && let Some(block) = self.records.find(event.address)
        {
            self.explain_by(&block);
        }
        self.freed(mode, true, event, count)
    }

    #[cold]
    fn unmatched(&mut self, mode: Mode, event: &Free<'_>) -> Option<UnnamedFree> {
        if event.address == 0 {
            return None;
        }
        self.tell_of_unknown_free(event);
        self.counters.unmatched_frees += 1;
        add(&mut self.counters.unmatched_freed_bytes, event.size);
        if !self.has_table() {
            return None;
        }
        if self.ledger.is_full() {
            self.counters.unchecked_frees += 1;
            return None;
        }
        let is_named = !event.stack.as_slice().is_empty();
        let freed_by = is_named.then(|| self.stacks.intern(event.stack, event.task));
        self.ledger.wait(PendingFree {
            number: self.counters.unmatched_frees,
            address: event.address,
            after: self.last_seq,
            time_us: self.now(event.time_us),
            freed_by,
            is_recording: self.state == State::Recording,
            earlier: None,
        });
        if mode == Mode::Leaks {
            self.note_freed_lately(event.address);
        }
        self.route();
        (!is_named).then_some(UnnamedFree {
            trace: self.trace,
            number: self.counters.unmatched_frees,
        })
    }

    /// Leaks mode: looks for the block that was freed before at the address of an unmatched free. Its call stack may have been
    /// recycled since; there is no telling once any was.
    fn note_freed_lately(&mut self, address: usize) {
        if let Some((seq, stack)) = self.records.freed_lately(address) {
            let owner = (self.stacks.recycled() == 0).then_some(stack);
            let block = FreedBlock {
                seq,
                owner,
                freed_by: None,
            };
            self.ledger.note_earlier(address, block, &mut self.stacks);
        }
    }

    /// Says who freed a block without a record, and when.
    pub(super) fn name_free(
        &mut self,
        free: UnnamedFree,
        time_us: u64,
        task: u16,
        stack: &CallStack,
    ) {
        let stack = self.stacks.intern(stack, task);
        let time_us = self.now(time_us);
        if let Some(unwanted) = self.ledger.name(free.number, time_us, stack) {
            self.stacks.release(unwanted);
        }
    }

    /// Compares pending frees with a record that is about to go.
    fn explain_by(&mut self, record: &Entry) {
        self.counters.wrong_frees += self.ledger.compare(record, &mut self.stacks);
    }

    /// Gives up the oldest record and returns its slot.
    #[cold]
    fn evict(&mut self, count: &Count) -> Link<Slot> {
        if self.ledger.has_pending() {
            self.explain_by(&self.records.next_evicted());
        }
        let (slot, gone) = self.records.evict();
        count.decrement();
        self.counters.evicted += 1;
        if gone.was_live {
            self.counters.evicted_live += 1;
            add_recorded(&mut self.counters.evicted_live_bytes, gone.size);
            self.stacks.evicted(gone.stack, gone.size);
        } else {
            self.stacks.release(gone.stack);
        }
        if let Some(freed_by) = gone.freed_by {
            self.stacks.release(freed_by);
        }
        slot
    }

    /// Returns when an allocation failed last, of those that are remembered.
    pub(super) fn last_failure_us(&self) -> Option<u64> {
        self.ledger.last_failure_us()
    }

    pub(super) fn failed(&mut self, event: &FailedAllocation<'_>) {
        let seq = self.stamp(event.time_us.min(MAX_TIME));
        self.counters.failed_allocations += 1;
        add(&mut self.counters.failed_bytes, event.size);
        let stack = self
            .has_table()
            .then(|| self.stacks.intern(event.stack, event.task));
        self.tell_of_failure(event, stack);
        if let Some(stack) = stack {
            let failed = Failed {
                time_us: seq,
                size: event.size,
                stack,
                gave_reserve: event.gave_reserve,
                left: event.left.map(Room::from),
            };
            self.ledger.failed(failed, &mut self.stacks);
        }
    }
}

/// Adds the bytes of a block with a record to a sum.
///
/// It would take more than 2^64 bytes to go round, which is decades of allocations; what is live then is still right.
#[inline(always)]
fn add_recorded(sum: &mut u64, bytes: usize) {
    *sum = sum.wrapping_add(bytes as u64);
}

/// Adds bytes that somebody told of to a sum, which stays at the most there can be.
#[inline(always)]
fn add(sum: &mut u64, bytes: usize) {
    let (total, has_overflowed) = sum.overflowing_add(bytes as u64);
    *sum = total;
    if has_overflowed {
        cold_path();
        *sum = u64::MAX;
    }
}
