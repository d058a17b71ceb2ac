//! The tracer itself: who may call what when, and one short hold of the lock after the other.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapless::Vec;

use super::count::Count;
use heapbeacon_shared::trace::{Failure, Mode, Record, Stack, State, Summary, WrongFree};

use super::inner::Inner;
use super::ledger::{FAILURES, SEARCHES, WRONG_FREES};
use super::sink::{Event, EventKind, Sink};
use super::stacks::{LeakCursor, StackCursor};
use super::storage::Tables;
use super::table::{STEP, steps};
use super::values::{Leak, Status, Trace, TraceEnded};
use super::{
    Allocation, Buffer, CallStack, Error, FailedAllocation, Free, RecordCursor, Refused,
    UnnamedFree, split,
};

/// Traces every allocation and free of a heap; `M` keeps threads, cores and interrupts apart.
pub struct Tracer<M> {
    lock: M,
    /// Reached under the lock only.
    inner: UnsafeCell<Inner>,
    /// Copies of what the hooks and [`count`](Self::count) ask for without the lock.
    state: AtomicU8,
    leaks_mode: AtomicBool,
    count: Count,
}

// SAFETY: what is not atomic is reached under the lock only, which several threads may share.
unsafe impl<M: Sync> Sync for Tracer<M> {}

impl<M: RawMutex> Tracer<M> {
    /// Makes a tracer that is not initialised.
    pub const fn new() -> Self {
        Self {
            lock: M::INIT,
            inner: UnsafeCell::new(Inner::new()),
            state: AtomicU8::new(State::Uninitialised as u8),
            leaks_mode: AtomicBool::new(false),
            count: Count::new(),
        }
    }

    /// Returns the most records that leave room for call stacks in a buffer of `bytes`: for one for every
    /// 16 records (2,047 in all), and for 16. Where [`init_standalone`](Self::init_standalone) makes more
    /// records by itself, in a small buffer, it is those.
    pub fn max_records(bytes: usize) -> u32 {
        split::max_records(bytes)
    }

    /// Takes a buffer for records, and returns the one that was in use before.
    ///
    /// `records` says how many records to make, though more than [`max_records`](Self::max_records)
    /// are of little use; the stack table gets the rest. `None` splits the
    /// buffer one stack to four records. An empty buffer releases the old one
    /// (`heap_trace_init_standalone`).
    ///
    /// # Errors
    /// `InvalidState` while recording, `InvalidArg` if the buffer can't hold that many records, or
    /// not a single one. The trace stays as it was and the buffer comes back.
    pub fn init_standalone(
        &self,
        buffer: Buffer,
        records: Option<u32>,
    ) -> Result<Option<Buffer>, Refused> {
        if buffer.is_empty() {
            return self.release().map_err(|error| Refused { error, buffer });
        }
        if let Err(error) = self.with(|inner| inner.may_init()) {
            return Err(Refused { error, buffer });
        }
        let tables =
            Tables::place(buffer, records).map_err(|(error, buffer)| Refused { error, buffer })?;
        self.with(|inner| match inner.may_init() {
            Ok(()) => {
                let old = inner.install(tables);
                inner.sink = None;
                inner.state = State::Stopped;
                Ok(old)
            }
            Err(error) => Err((error, tables)),
        })
        .map_err(|(error, tables)| Refused {
            error,
            buffer: tables.into_buffer(),
        })
    }

    /// Gives the buffer back; there is nothing to give back the second time.
    ///
    /// # Errors
    /// `InvalidState` while recording.
    pub fn release(&self) -> Result<Option<Buffer>, Error> {
        self.with(|inner| {
            inner.may_init()?;
            inner.state = match inner.sink {
                Some(_) => State::Stopped,
                None => State::Uninitialised,
            };
            Ok(inner.withdraw())
        })
    }

    /// Sends events to a host from now on (`heap_trace_init_tohost`).
    ///
    /// A buffer set before stays: what is live can be read from it when a host has lost events.
    ///
    /// # Errors
    /// `InvalidState` while recording.
    pub fn init_tohost(&self, sink: &'static dyn Sink) -> Result<(), Error> {
        self.with(|inner| {
            inner.may_init()?;
            inner.sink = Some(sink);
            inner.state = State::Stopped;
            Ok(())
        })
    }

    /// Forgets everything and records from now on; returns the number of the new trace
    /// (`heap_trace_start`).
    ///
    /// What happens while the tables are being cleared belongs to neither trace.
    ///
    /// # Errors
    /// `InvalidState` if not initialised, or while another start is at work.
    pub fn start(&self, mode: Mode, now_us: u64) -> Result<u32, Error> {
        let (records, stacks) = self.with(|inner| {
            if inner.clearing || inner.state == State::Uninitialised {
                return Err(Error::InvalidState);
            }
            inner.clearing = true;
            inner.state = State::Stopped;
            inner.clear(mode, inner.now(now_us));
            Ok((inner.records.slots(), inner.stacks.entries()))
        })?;
        for step in steps(records) {
            self.with(|inner| inner.records.clear_buckets(step));
        }
        for step in steps(stacks) {
            self.with(|inner| inner.stacks.clear_buckets(step));
        }
        self.with(|inner| {
            inner.clearing = false;
            inner.state = State::Recording;
            Ok(inner.trace.id)
        })
    }

    /// Stops recording; what was recorded stays (`heap_trace_stop`).
    ///
    /// # Errors
    /// `InvalidState` unless recording or paused.
    pub fn stop(&self) -> Result<(), Error> {
        self.transition(State::Stopped, |state| {
            matches!(state, State::Recording | State::Paused)
        })
    }

    /// Records frees only from now on (`heap_trace_alloc_pause`).
    ///
    /// # Errors
    /// `InvalidState` unless recording.
    pub fn alloc_pause(&self) -> Result<(), Error> {
        self.transition(State::Paused, |state| state == State::Recording)
    }

    /// Records again, with everything as it was, in the mode of the last start, or in all mode if
    /// there was none (`heap_trace_resume`).
    ///
    /// # Errors
    /// `InvalidState` if recording already or not initialised.
    pub fn resume(&self) -> Result<(), Error> {
        // Later the blocks from before a stop can't be trusted to be still there.
        self.check_pending_frees();
        self.transition(State::Recording, |state| {
            matches!(state, State::Stopped | State::Paused)
        })
    }

    fn transition(&self, to: State, allowed: impl FnOnce(State) -> bool) -> Result<(), Error> {
        self.with(|inner| {
            if inner.clearing || !allowed(inner.state) {
                return Err(Error::InvalidState);
            }
            if to == State::Recording {
                inner.end_gap();
            }
            inner.mode.get_or_insert_default();
            inner.state = to;
            Ok(())
        })
    }

    /// Returns the number of records, without taking the lock (`heap_trace_get_count`).
    pub fn count(&self) -> u32 {
        self.count.get()
    }

    /// Returns whether it is recorded who frees and when: in all mode, and on the way to a host.
    ///
    /// Elsewhere [`freed_unnamed`](Self::freed_unnamed) is told all that is needed of a free.
    #[inline(always)]
    pub fn wants_free_caller(&self) -> bool {
        !self.leaks_mode.load(Relaxed)
    }

    /// Tells whether anything is recorded now; a hook asks this before it does any work.
    #[inline(always)]
    pub fn is_recording(&self) -> bool {
        self.state.load(Relaxed) >= State::Recording as u8
    }

    /// Tells whether allocations are recorded now.
    #[inline(always)]
    pub fn records_allocations(&self) -> bool {
        self.state.load(Relaxed) == State::Recording as u8
    }

    /// Records that a block was handed out. Call it after the allocation.
    #[inline(always)]
    pub fn allocated(&self, event: &Allocation<'_>) {
        let to_host = self.locked(|inner| {
            let route = inner.allocations;
            let mut to_host = None;
            if route.leaks {
                inner.allocated(Mode::Leaks, event, &self.count);
            } else if route.all {
                inner.allocated(Mode::All, event, &self.count);
            } else if route.long {
                let seq = inner.allocated_for_host(event, &self.count);
                to_host = inner.sink.map(|sink| (seq, sink));
            }
            to_host
        });
        if let Some((seq, sink)) = to_host {
            let kind = EventKind::Allocated {
                address: event.address.get(),
                size: event.size,
            };
            self.send(sink, &event.event(seq, kind));
        }
    }

    /// Records that a block is given back. Call it before the free. A null pointer is nothing.
    ///
    /// Returns the free if it has no record and came without its call stack: with that,
    /// [`name_free`](Self::name_free) lets readers know who frees what is not there.
    #[inline(always)]
    pub fn freed(&self, event: &Free<'_>) -> Option<UnnamedFree> {
        let (unnamed, to_host) = self.locked(|inner| {
            let route = inner.frees;
            if route.all {
                (inner.freed(Mode::All, event, &self.count), None)
            } else if route.leaks || route.long {
                inner.freed_slow(event, &self.count)
            } else {
                (None, None)
            }
        });
        if let Some((seq, sink)) = to_host.filter(|_| event.address != 0) {
            self.send(sink, &event.event(seq));
        }
        unnamed
    }

    /// Records that a block is given back, as [`freed`](Self::freed) does, where it matters neither who frees nor when:
    /// in leaks mode.
    ///
    /// Returns the free if it has no record: [`name_free`](Self::name_free) takes what is to be known of it then.
    #[inline(always)]
    pub fn freed_unnamed(&self, address: usize, size: usize) -> Option<UnnamedFree> {
        let is_done =
            self.locked(|inner| inner.frees.leaks && inner.freed_with_record(address, &self.count));
        if is_done {
            return None;
        }
        self.freed_unusually(address, size)
    }

    /// Records a free for which there is more to do than to remove a record, or nothing.
    #[cold]
    fn freed_unusually(&self, address: usize, size: usize) -> Option<UnnamedFree> {
        self.freed(&Free {
            address,
            size,
            // It counts as the time of the last record.
            time_us: 0,
            core: 0,
            task: 0,
            stack: &CallStack::new(),
        })
    }

    /// Says who freed a block without a record, and when. To ask for that only then keeps all other frees quick.
    #[cold]
    pub fn name_free(&self, free: UnnamedFree, time_us: u64, task: u16, stack: &CallStack) {
        // A trace that has ended has no use for it.
        let _ = self.read(free.trace, |inner| {
            inner.name_free(free, time_us, task, stack);
        });
    }

    /// Records that an allocation failed.
    pub fn failed(&self, event: &FailedAllocation<'_>) {
        let to_host = self.locked(|inner| {
            if inner.state != State::Recording {
                return None;
            }
            let seq = inner.failed(event);
            inner.sink.map(|sink| (seq, sink))
        });
        if let Some((seq, sink)) = to_host {
            self.send(sink, &event.event(seq));
        }
    }

    /// Offers an event to the host, outside the lock.
    #[cold]
    fn send(&self, sink: &dyn Sink, event: &Event<'_>) {
        let taken = sink.send(event).is_ok();
        self.locked(|inner| inner.offered(taken));
    }

    /// Returns the record with this index by age, 0 being the oldest (`heap_trace_get`).
    ///
    /// # Errors
    /// `InvalidState` if not initialised, `InvalidArg` if there are not so many.
    pub fn get(&self, index: u32) -> Result<Record, Error> {
        if self.with(|inner| inner.state) == State::Uninitialised {
            return Err(Error::InvalidState);
        }
        loop {
            // A trace that ends meanwhile gives way to the next one, which has a record of that index, or none.
            if let Ok(record) = self.nth(self.trace(), index) {
                return record.ok_or(Error::InvalidArg);
            }
        }
    }

    fn nth(&self, trace: Trace, index: u32) -> Result<Option<Record>, TraceEnded> {
        let mut left = index as usize;
        let mut cursor = RecordCursor::after(trace, 0);
        let mut batch = [Record::default(); STEP as usize];
        loop {
            let read = self.read_records(&mut cursor, &mut batch)?;
            if read == 0 {
                return Ok(None);
            }
            if let Some(record) = batch[..read].get(left) {
                return Ok(Some(*record));
            }
            left -= read;
        }
    }

    /// Returns state and counters from one instant (`heap_trace_summary`); their time is that of the last event.
    pub fn summary(&self) -> Summary {
        self.check_pending_frees();
        self.with(|inner| inner.summary())
    }

    /// Returns which trace there is, with its summary from the same instant.
    pub fn status(&self) -> Status {
        self.check_pending_frees();
        self.with(|inner| inner.status())
    }

    /// Returns the trace that is there to be read: the running one, or the last one.
    pub fn trace(&self) -> Trace {
        self.locked(|inner| inner.trace)
    }

    /// Returns the time that ages and queries are measured from: a clock's, or the last sequence number if that is later. It
    /// never goes backward, also where the clock does.
    pub fn now_us(&self, clock_us: u64) -> u64 {
        self.locked(|inner| inner.now(clock_us))
    }

    /// Copies records behind the cursor into `out`, oldest first, and returns how many.
    ///
    /// None means that there are no more. Reading while recording neither skips nor repeats a
    /// record that lives throughout.
    ///
    /// # Errors
    /// When the cursor's trace has ended; what `out` holds then is of no use.
    pub fn read_records(
        &self,
        cursor: &mut RecordCursor,
        out: &mut [Record],
    ) -> Result<usize, TraceEnded> {
        let mut total = 0;
        while total < out.len() {
            let (read, more) =
                self.read(cursor.trace, |inner| inner.read(cursor, &mut out[total..]))?;
            total += read;
            if !more {
                break;
            }
        }
        Ok(total)
    }

    /// Copies call stacks behind the cursor into `out`, and returns how many.
    ///
    /// # Errors
    /// When the cursor's trace has ended; what `out` holds then is of no use.
    pub fn read_stacks(
        &self,
        cursor: &mut StackCursor,
        out: &mut [Stack],
    ) -> Result<usize, TraceEnded> {
        let mut read = 0;
        for place in out {
            match self.read(cursor.trace, |inner| inner.stacks.at(cursor.next()))? {
                Some(stack) => *place = stack,
                None => break,
            }
            cursor.advance();
            read += 1;
        }
        Ok(read)
    }

    /// Returns the call stack of a trace with this id, unless it has been recycled.
    ///
    /// # Errors
    /// When the trace has ended.
    pub fn stack(&self, trace: Trace, id: u32) -> Result<Option<Stack>, TraceEnded> {
        self.read(trace, |inner| inner.stacks.get(id))
    }

    /// Sums up the live blocks that a cursor asks for by call stack, puts the next largest sums into `out`, most
    /// bytes first, and returns how many call stacks there were to choose from.
    ///
    /// Returns `None` while another such query is at work: its sums are kept in the stack table.
    ///
    /// # Errors
    /// When the cursor's trace has ended; `out` is empty then.
    pub fn leaks<const N: usize>(
        &self,
        cursor: &mut LeakCursor,
        out: &mut Vec<Leak, N>,
    ) -> Result<Option<u32>, TraceEnded> {
        out.clear();
        let Some(query) = self.read(cursor.trace, Inner::begin_query)? else {
            return Ok(None);
        };
        let answer = self.answer(query, cursor, out);
        let ahead = answer.inspect_err(|TraceEnded| out.clear())?;
        out.iter().for_each(|leak| cursor.pass(leak.stack));
        Ok(Some(ahead))
    }

    /// Does the work of a leak query, which is the only one meanwhile. The end of its trace ends it, too.
    fn answer<const N: usize>(
        &self,
        query: u32,
        cursor: &LeakCursor,
        out: &mut Vec<Leak, N>,
    ) -> Result<u32, TraceEnded> {
        let trace = cursor.trace;
        let mut records = RecordCursor::after(trace, 0);
        while self.read(trace, |inner| {
            inner.tally(&mut records, query, cursor.before_us())
        })? {}
        let mut ahead = 0;
        let entries = self.read(trace, |inner| inner.stacks.entries())?;
        for index in 0..entries {
            let leak = self.read(trace, |inner| inner.stacks.tallied(index, query))?;
            if let Some(leak) = leak.filter(|leak| !cursor.has_passed(leak.stack)) {
                ahead += 1;
                keep_largest(out, leak);
            }
        }
        self.read(trace, Inner::end_query)?;
        Ok(ahead)
    }

    /// Returns the latest failed allocations of a trace, oldest first.
    ///
    /// # Errors
    /// When the trace has ended.
    pub fn failures(&self, trace: Trace) -> Result<Vec<Failure, FAILURES>, TraceEnded> {
        self.read(trace, |inner| inner.failures())
    }

    /// Returns the latest wrong frees of a trace, oldest first.
    ///
    /// # Errors
    /// When the trace has ended.
    pub fn wrong_frees(&self, trace: Trace) -> Result<Vec<WrongFree, WRONG_FREES>, TraceEnded> {
        self.check_pending_frees();
        self.read(trace, |inner| inner.wrong_frees())
    }

    /// Compares unmatched frees with the records, a few with a few at a time: too slow for a hook.
    fn check_pending_frees(&self) {
        for _ in 0..SEARCHES {
            let Some(mut search) = self.with(|inner| inner.begin_search()) else {
                return;
            };
            while let Ok(true) = self.read(search.trace, |inner| inner.search(&mut search)) {}
        }
    }

    /// Runs one step of a reader under the lock, unless its trace has ended since the step before.
    ///
    /// Every reader that takes more than one hold comes by here, so that none brings an index into tables that
    /// it is not of.
    fn read<R>(&self, trace: Trace, step: impl FnOnce(&mut Inner) -> R) -> Result<R, TraceEnded> {
        self.with(|inner| match inner.trace == trace {
            true => Ok(step(inner)),
            false => Err(TraceEnded),
        })
    }

    /// Runs `work` under the lock, then updates what is read without it.
    fn with<R>(&self, work: impl FnOnce(&mut Inner) -> R) -> R {
        self.locked(|inner| {
            let result = work(inner);
            inner.route();
            self.state.store(inner.state as u8, Relaxed);
            self.leaks_mode.store(
                inner.mode == Some(Mode::Leaks) && inner.sink.is_none(),
                Relaxed,
            );
            self.count.set(inner.count());
            result
        })
    }

    /// Not `embassy_sync`'s own mutex around `inner`: its functions are not inlined where code is to be small,
    /// and a call costs every event as much as a third of its work.
    #[inline(always)]
    fn locked<R>(&self, work: impl FnOnce(&mut Inner) -> R) -> R {
        self.lock.lock(|| {
            // SAFETY: the lock is held, and nothing that runs under it calls back into the tracer: it
            // neither allocates nor calls the sink.
            work(unsafe { &mut *self.inner.get() })
        })
    }
}

impl<M: RawMutex> Default for Tracer<M> {
    fn default() -> Self {
        Self::new()
    }
}

impl Inner {
    /// Tells whether the destination may be changed now.
    fn may_init(&self) -> Result<(), Error> {
        match self.state {
            _ if self.clearing => Err(Error::InvalidState),
            State::Recording => Err(Error::InvalidState),
            State::Uninitialised | State::Stopped | State::Paused => Ok(()),
        }
    }
}

impl<'a> Allocation<'a> {
    fn event(&self, seq: u64, kind: EventKind) -> Event<'a> {
        Event {
            seq,
            core: self.core,
            task: self.task,
            kind,
            frames: self.stack.as_slice(),
        }
    }
}

impl<'a> FailedAllocation<'a> {
    fn event(&self, seq: u64) -> Event<'a> {
        Event {
            seq,
            core: self.core,
            task: self.task,
            kind: EventKind::Failed { size: self.size },
            frames: self.stack.as_slice(),
        }
    }
}

impl<'a> Free<'a> {
    fn event(&self, seq: u64) -> Event<'a> {
        Event {
            seq,
            core: self.core,
            task: self.task,
            kind: EventKind::Freed {
                address: self.address,
            },
            frames: self.stack.as_slice(),
        }
    }
}

/// Inserts a leak into a list that is sorted by bytes, and drops the smallest if it is full.
fn keep_largest<const N: usize>(leaks: &mut Vec<Leak, N>, leak: Leak) {
    let place = leaks.partition_point(|other| other.bytes >= leak.bytes);
    if place == N {
        return;
    }
    if leaks.is_full() {
        leaks.pop();
    }
    // There is room, and `place` is at most the length.
    let _ = leaks.insert(place, leak);
}
