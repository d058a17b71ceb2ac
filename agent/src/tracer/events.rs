//! What hooks tell the tracer: an event is one hold of the lock.

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::trace::{Mode, State};

use super::control::Tracer;
use super::{Allocation, CallStack, FailedAllocation, Free, UnnamedFree};

impl<M: RawMutex> Tracer<M> {
    /// Records that a block was handed out. Call it after the allocation.
    #[inline(always)]
    pub fn allocated(&self, event: &Allocation<'_>) {
        self.locked(|inner| {
            let route = inner.allocations;
            if route.leaks {
                inner.allocated(Mode::Leaks, false, event, &self.count);
            } else if route.host {
                inner.allocated(Mode::Leaks, true, event, &self.count);
            } else if route.all {
                inner.allocated(Mode::All, false, event, &self.count);
            } else if route.long {
                inner.allocated_slow(*event, &self.count);
            }
        });
    }

    /// Records that a block is given back. Call it before the free. A null pointer is nothing.
    ///
    /// Returns the free if it has no record and came without its call stack: with that,
    /// [`name_free`](Self::name_free) lets readers know who frees what is not there.
    #[inline(always)]
    pub fn freed(&self, event: &Free<'_>) -> Option<UnnamedFree> {
        self.locked(|inner| {
            let route = inner.frees;
            if route.all {
                inner.freed(Mode::All, false, event, &self.count)
            } else if route.leaks || route.host || route.long {
                inner.freed_slow(event, &self.count)
            } else {
                None
            }
        })
    }

    /// Records that a block is given back, as [`freed`](Self::freed) does, where it matters neither who frees nor when:
    /// in leaks mode.
    ///
    /// Returns the free if it has no record: [`name_free`](Self::name_free) takes what is to be known of it then.
    #[inline(always)]
    pub fn freed_unnamed(&self, address: usize, size: usize) -> Option<UnnamedFree> {
        let is_done = self.locked(|inner| {
            let route = inner.frees;
            if route.leaks {
                inner.freed_with_record(false, address, &self.count)
            } else {
                route.host && inner.freed_with_record(true, address, &self.count)
            }
        });
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

    /// Returns when an allocation failed last, in microseconds since boot; `None` if none is remembered.
    pub(crate) fn last_failure_us(&self) -> Option<u64> {
        self.locked(|inner| inner.last_failure_us())
    }

    /// Records that an allocation failed.
    pub fn failed(&self, event: &FailedAllocation<'_>) {
        self.locked(|inner| {
            if inner.state == State::Recording {
                inner.failed(event);
            }
        });
    }
}
