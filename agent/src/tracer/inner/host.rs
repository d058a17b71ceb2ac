//! To-host mode: what is told on the ring, under the same hold of the lock as it is recorded.

use super::{Count, Gone, Inner, add_recorded};
use crate::tracer::sink::{Attachment, Event, EventKind};
use crate::tracer::stacks::Link;
use crate::tracer::{Allocation, FailedAllocation, Free};

impl Inner {
    /// Tells of an allocation that is recorded.
    #[inline(always)]
    pub(super) fn tell_of_allocation(&self, event: &Allocation<'_>, size: usize, stack: Link) {
        let kind = EventKind::Allocated {
            address: event.address.get(),
            size,
            stack: self.stacks.id(stack),
        };
        self.tell(event.core, event.task, kind);
    }

    /// Does what [`allocated`](Self::allocated) does, in any mode, with or without a table and a ring. Without a table, no record
    /// finds room. The event comes by value: who hands over a reference has to have it in memory, which costs the usual way as much.
    #[inline(never)]
    pub(in crate::tracer) fn allocated_slow(&mut self, event: Allocation<'_>, count: &Count) {
        if self.has_table() {
            let mode = self.mode.unwrap_or_default();
            return self.allocated(mode, true, &event, count);
        }
        self.counters.evicted += 1;
        self.counters.evicted_live += 1;
        let (size, _) = self.allocation(&event);
        add_recorded(&mut self.counters.evicted_live_bytes, size);
        let kind = EventKind::Allocated {
            address: event.address.get(),
            size,
            stack: 0,
        };
        self.tell(event.core, event.task, kind);
    }

    /// Tells of a free whose record was found.
    #[inline(always)]
    pub(super) fn tell_of_free(&self, core: u8, address: usize, gone: &Gone) {
        let kind = EventKind::Freed {
            address,
            size: gone.size,
            stack: gone.freed_by.map(|stack| self.stacks.id(stack)),
        };
        self.tell(core, self.stacks.task(gone.stack), kind);
    }

    /// Tells of a free without a record.
    pub(super) fn tell_of_unknown_free(&self, event: &Free<'_>) {
        if self.ring.is_none() {
            return;
        }
        let (address, size) = (event.address, event.size);
        let kind = EventKind::FreedUnknown { address, size };
        self.tell(event.core, event.task, kind);
    }

    /// Tells of a failed allocation.
    pub(super) fn tell_of_failure(&self, event: &FailedAllocation<'_>, stack: Option<Link>) {
        let kind = EventKind::Failed {
            size: event.size,
            stack: stack.map_or(0, |stack| self.stacks.id(stack)),
        };
        self.tell(event.core, event.task, kind);
    }

    /// Tells that what was told so far is over.
    pub(super) fn tell_of_trace(&self) {
        self.tell(0, 0, EventKind::Began(self.trace));
    }

    #[inline(always)]
    fn tell(&self, core: u8, task: u16, kind: EventKind) {
        let seq = self.last_seq;
        let event = Event {
            seq,
            core,
            task,
            kind,
        };
        if let Some(ring) = self.ring {
            ring.push(&event.pack());
        }
    }

    /// Returns where a host begins to be told, if one is to be told at all.
    pub(in crate::tracer) fn attachment(&self) -> Option<Attachment> {
        let ring = self.ring?;
        Some(Attachment {
            ring,
            cursor: ring.end(),
            trace: self.trace,
            seq: self.last_seq,
            has_table: self.has_table(),
        })
    }

    /// Counts events that were sent to a host, and that one was not in time for.
    pub(in crate::tracer) fn note_told(&mut self, sent: u64, dropped: u64) {
        self.counters.sent = self.counters.sent.saturating_add(sent);
        self.counters.dropped = self.counters.dropped.saturating_add(dropped);
    }
}
