//! Tests of the tracer as a whole; what they share.

mod borders;
mod call_stacks;
mod clocks;
mod defects;
mod endings;
mod extremes;
mod model;
mod readers;
mod ring;
mod state_machine;
mod walked;
mod wrong_frees;

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::boxed::Box;
use std::thread::{self, ThreadId};
use std::vec;
use std::vec::Vec;

use embassy_sync::blocking_mutex::raw::RawMutex;

use super::*;

/// A lock that panics where a critical section would nest: whoever calls back from under the lock
/// is found out.
struct Strict {
    lock: std::sync::Mutex<Option<ThreadId>>,
    holder: std::sync::Mutex<Option<ThreadId>>,
}

// SAFETY: the standard library's mutex keeps all other threads out while `work` runs.
unsafe impl RawMutex for Strict {
    const INIT: Self = Self {
        lock: std::sync::Mutex::new(None),
        holder: std::sync::Mutex::new(None),
    };

    fn lock<R>(&self, work: impl FnOnce() -> R) -> R {
        let me = Some(thread::current().id());
        assert_ne!(
            *self.holder.lock().unwrap(),
            me,
            "the tracer was called from under its own lock"
        );
        let guard = self.lock.lock().unwrap();
        *self.holder.lock().unwrap() = me;
        let result = work();
        *self.holder.lock().unwrap() = None;
        drop(guard);
        result
    }
}

/// A tracer with a buffer, and a clock.
struct Fixture {
    tracer: Tracer<Strict>,
    clock: AtomicU64,
}

/// Bytes of a buffer for `records` records beside `stacks` call stacks.
fn buffer_bytes(records: usize, stacks: usize) -> usize {
    (records + 1) * size_of::<records::Slot>()
        + (stacks + 1) * size_of::<stacks::Entry>()
        + size_of::<u64>()
}

fn buffer(bytes: usize) -> Buffer {
    Box::leak(vec![MaybeUninit::uninit(); bytes / size_of::<u64>()].into_boxed_slice())
}

/// Ends the borrow of a buffer that came back, so that it can be freed: a function may not free
/// what it was lent as a reference.
fn raw(buffer: Option<Buffer>) -> Option<*mut [MaybeUninit<u64>]> {
    buffer
        .filter(|buffer| !buffer.is_empty())
        .map(|buffer| buffer as *mut _)
}

fn free(buffer: Option<*mut [MaybeUninit<u64>]>) {
    if let Some(buffer) = buffer {
        // SAFETY: every buffer in these tests is a leaked box, and the tracer no longer uses it.
        drop(unsafe { Box::from_raw(buffer) });
    }
}

impl Fixture {
    fn uninitialised() -> Self {
        Self {
            tracer: Tracer::new(),
            clock: AtomicU64::new(1),
        }
    }

    /// A tracer that holds `records` records and 64 call stacks, not started.
    fn with_records(records: u32) -> Self {
        Self::with_tables(records, 64)
    }

    fn with_tables(records: u32, stacks: usize) -> Self {
        let fixture = Self::uninitialised();
        let buffer = buffer(buffer_bytes(records as usize, stacks));
        fixture
            .tracer
            .init_standalone(buffer, Some(records))
            .unwrap();
        fixture
    }

    fn started(records: u32, mode: Mode) -> Self {
        let fixture = Self::with_records(records);
        fixture.tracer.start(mode, 0).unwrap();
        fixture
    }

    fn now(&self) -> u64 {
        self.clock.fetch_add(10, Ordering::Relaxed)
    }

    fn allocate(&self, address: usize, size: usize) {
        self.allocate_from(address, size, &[0x100, 0x200]);
    }

    fn allocate_from(&self, address: usize, size: usize, frames: &[usize]) {
        self.tracer.allocated(&Allocation {
            address: NonZeroUsize::new(address).expect("null is no block"),
            size,
            time_us: self.now(),
            core: 1,
            task: 3,
            stack: &frames.iter().copied().collect(),
        });
    }

    fn fail(&self, size: usize) {
        self.tracer.failed(&FailedAllocation {
            size,
            time_us: self.now(),
            core: 0,
            task: 0,
            stack: &CallStack::from_iter([0x700]),
            gave_reserve: false,
            left: None,
        });
    }

    fn free(&self, address: usize) {
        self.free_from(address, &[0x900]);
    }

    /// Frees as a hook does: it is said who frees and when only where that is wanted.
    fn free_from(&self, address: usize, frames: &[usize]) {
        let walked = CallStack::from_iter(frames.iter().copied());
        let time_us = self.now();
        let unnamed = match self.tracer.wants_free_caller() {
            true => self.tracer.freed(&Free {
                address,
                size: 0,
                time_us,
                core: 0,
                task: 0,
                stack: &walked,
            }),
            false => self.tracer.freed_unnamed(address, 0),
        };
        if let Some(free) = unnamed {
            self.tracer.name_free(free, time_us, 0, &walked);
        }
    }

    /// Returns the frames of a call stack.
    fn frames(&self, id: Option<u32>) -> Vec<u64> {
        let stack = id.and_then(|id| self.stack(id));
        stack.map_or(Vec::new(), |stack| stack.frames.to_vec())
    }

    fn records(&self) -> Vec<Record> {
        let mut cursor = RecordCursor::after(self.tracer.trace(), 0);
        let mut records = Vec::new();
        let mut batch = [Record::default(); 3];
        loop {
            let read = self.tracer.read_records(&mut cursor, &mut batch).unwrap();
            records.extend_from_slice(&batch[..read]);
            if read < batch.len() {
                return records;
            }
        }
    }

    fn stacks(&self) -> Vec<Stack> {
        let mut cursor = StackCursor::after(self.tracer.trace(), None);
        let mut stacks = Vec::new();
        let mut batch = [Stack::default()];
        while self.tracer.read_stacks(&mut cursor, &mut batch) == Ok(1) {
            stacks.push(batch[0].clone());
        }
        stacks
    }

    /// Returns a call stack of the running trace.
    fn stack(&self, id: u32) -> Option<Stack> {
        self.tracer.stack(self.tracer.trace(), id).unwrap()
    }

    fn wrong_frees(&self) -> heapless::Vec<WrongFree, 4> {
        self.tracer.wrong_frees(self.tracer.trace()).unwrap()
    }

    fn failures(&self) -> heapless::Vec<Failure, 8> {
        self.tracer.failures(self.tracer.trace()).unwrap()
    }

    /// Asserts that the counters add up, in all and by call stack.
    fn assert_accounts(&self) {
        let summary = self.tracer.summary();
        let counters = summary;
        let live: Vec<_> = self
            .records()
            .into_iter()
            .filter(|record| record.freed.is_none())
            .collect();
        assert_eq!(live.len() as u64, summary.live_count);
        assert_eq!(
            live.iter().map(|record| record.size).sum::<u64>(),
            summary.live_bytes
        );
        assert_eq!(
            counters.total_allocations
                - counters.matched_frees
                - counters.missed_frees
                - counters.evicted_live,
            summary.live_count
        );
        let stacks = self.stacks();
        assert_eq!(
            stacks.iter().map(|stack| stack.live_count).sum::<u64>(),
            summary.live_count
        );
        assert_eq!(
            stacks.iter().map(|stack| stack.live_bytes).sum::<u64>(),
            summary.live_bytes
        );
        assert_eq!(self.tracer.count(), summary.count);
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        // A trace that is not running can't be stopped, and that is fine.
        let _ = self.tracer.stop();
        free(raw(self.tracer.release().unwrap()));
    }
}

/// Returns a ring of 16 events that lasts.
fn ring() -> &'static Ring {
    // Kept where Miri finds it: who looks for leaks is not to find this one.
    static RINGS: std::sync::Mutex<Vec<&Ring>> = std::sync::Mutex::new(Vec::new());
    let ring: &Ring = Box::leak(Box::new(EventRing::<16>::new()));
    RINGS.lock().unwrap().push(ring);
    ring
}

/// Reads all events from a cursor on, none of which was overwritten.
fn read_events(ring: &Ring, cursor: &mut EventCursor) -> Vec<Event> {
    core::iter::from_fn(|| ring.read(cursor).unwrap()).collect()
}

/// Returns a summary of what was counted alone, without state, times and what tables hold.
fn counted(summary: Summary) -> Summary {
    Summary {
        time_us: 0,
        started_us: 0,
        state: State::default(),
        destination: None,
        mode: None,
        count: 0,
        capacity: 0,
        high_water_mark: 0,
        live_count: 0,
        live_bytes: 0,
        stack_count: 0,
        stack_capacity: 0,
        gaps: 0,
        doubtful_until_us: 0,
        ..summary
    }
}
