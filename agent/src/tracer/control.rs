//! The tracer itself: who may call what when, and its lock.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::trace::{Mode, State};

use super::count::Count;
use super::inner::Inner;
use super::records::MAX_TIME;
use super::ring::Ring;
use super::storage::Tables;
use super::table::steps;
use super::values::{Trace, TraceEnded};
use super::{Buffer, Error, Refused, split};

/// Traces every allocation and free of a heap; `M` keeps threads, cores and interrupts apart.
pub struct Tracer<M> {
    lock: M,
    /// Reached under the lock only.
    inner: UnsafeCell<Inner>,
    /// Copies of what the hooks and [`count`](Self::count) ask for without the lock.
    state: AtomicU8,
    leaks_mode: AtomicBool,
    pub(super) count: Count,
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
                inner.ring = None;
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
            inner.state = match inner.ring {
                Some(_) => State::Stopped,
                None => State::Uninitialised,
            };
            Ok(inner.withdraw())
        })
    }

    /// Forgets the trace and its time, and gives the buffer back: for a board that simulates boots, whose clock then begins anew.
    ///
    /// # Errors
    /// `InvalidState` while a start is at work.
    #[doc(hidden)]
    pub fn end_boot(&self) -> Result<Option<Buffer>, Error> {
        self.with(|inner| {
            if inner.clearing {
                return Err(Error::InvalidState);
            }
            inner.state = State::Uninitialised;
            inner.ring = None;
            inner.rewind();
            Ok(inner.withdraw())
        })
    }

    /// Tells hosts of events from now on, by way of a ring (`heap_trace_init_tohost`).
    ///
    /// A buffer set before stays: it names the call stacks, and what is live can be read from it when a host has missed
    /// events. Without one, events have no call stacks.
    ///
    /// # Errors
    /// `InvalidState` while recording.
    pub fn init_tohost(&self, ring: &'static Ring) -> Result<(), Error> {
        self.with(|inner| {
            inner.may_init()?;
            inner.ring = Some(ring);
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

    /// Takes note of the time, so that a pause, stop or resume that follows is of this moment rather than of the last event.
    pub fn pass(&self, now_us: u64) {
        self.locked(|inner| inner.pass(now_us));
    }

    fn transition(&self, to: State, allowed: impl FnOnce(State) -> bool) -> Result<(), Error> {
        self.with(|inner| {
            if inner.clearing || !allowed(inner.state) {
                return Err(Error::InvalidState);
            }
            match to {
                State::Recording => inner.end_gap(),
                _ => inner.begin_gap(),
            }
            inner.mode.get_or_insert_default();
            inner.state = to;
            Ok(())
        })
    }

    /// Returns a moment that is later than every event before it and earlier than every one behind it, by a clock, and which
    /// trace there is: what blocks are told apart by.
    pub fn moment(&self, clock_us: u64) -> (u64, Trace) {
        self.locked(|inner| (inner.stamp(clock_us.min(MAX_TIME)), inner.trace))
    }

    /// Returns the number of records, without taking the lock (`heap_trace_get_count`).
    pub fn count(&self) -> u32 {
        self.count.get()
    }

    /// Returns whether it is recorded who frees and when: in all mode.
    ///
    /// Elsewhere [`freed_unnamed`](Self::freed_unnamed) is told all that is needed of a free.
    #[inline(always)]
    pub fn wants_free_caller(&self) -> bool {
        !self.leaks_mode.load(Relaxed)
    }

    /// Checks whether anything is recorded now; a hook asks this before it does any work.
    #[inline(always)]
    pub fn is_recording(&self) -> bool {
        self.state.load(Relaxed) >= State::Recording as u8
    }

    /// Checks whether allocations are recorded now.
    #[inline(always)]
    pub fn records_allocations(&self) -> bool {
        self.state.load(Relaxed) == State::Recording as u8
    }

    /// Runs one step of a reader under the lock, unless its trace has ended since the step before.
    ///
    /// Every reader that takes more than one hold comes by here, so that none brings an index into tables that
    /// it is not of.
    pub(super) fn read<R>(
        &self,
        trace: Trace,
        step: impl FnOnce(&mut Inner) -> R,
    ) -> Result<R, TraceEnded> {
        self.with(|inner| match inner.trace == trace {
            true => Ok(step(inner)),
            false => Err(TraceEnded),
        })
    }

    /// Runs `work` under the lock, with all counters as they are, then updates what is read without it.
    pub(super) fn with<R>(&self, work: impl FnOnce(&mut Inner) -> R) -> R {
        self.locked(|inner| {
            inner.settle(self.count());
            let result = work(inner);
            self.publish(inner);
            result
        })
    }

    /// Updates what is read without the lock. Never inlined: it would be in flash once for each kind of work.
    #[inline(never)]
    fn publish(&self, inner: &mut Inner) {
        inner.route();
        self.state.store(inner.state as u8, Relaxed);
        self.leaks_mode
            .store(inner.mode == Some(Mode::Leaks), Relaxed);
        self.count.set(inner.count());
    }

    /// Not `embassy_sync`'s own mutex around `inner`: its functions are not inlined where code is to be small,
    /// and a call costs every event as much as a third of its work.
    #[inline(always)]
    pub(super) fn locked<R>(&self, work: impl FnOnce(&mut Inner) -> R) -> R {
        self.lock.lock(|| {
            // SAFETY: the lock is held, and nothing that runs under it calls back into the tracer: it
            // does not allocate.
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
    /// Checks whether the destination may be changed now.
    fn may_init(&self) -> Result<(), Error> {
        match self.state {
            _ if self.clearing => Err(Error::InvalidState),
            State::Recording => Err(Error::InvalidState),
            State::Uninitialised | State::Stopped | State::Paused => Ok(()),
        }
    }
}
