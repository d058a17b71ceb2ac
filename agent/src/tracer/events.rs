//! What hooks tell the tracer: an event is one hold of the lock, and where it goes to a host, one more.

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::trace::{Mode, State};

use super::control::Tracer;
use super::sink::{Event, EventKind, Sink};
use super::{Allocation, CallStack, FailedAllocation, Free, UnnamedFree};

impl<M: RawMutex> Tracer<M> {
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
