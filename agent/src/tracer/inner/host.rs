//! To-host mode: what is told on the ring, under the same hold of the lock as it is recorded.

use heapbeacon_shared::trace::Mode;

use super::super::stacks::Link;
use super::super::{Allocation, FailedAllocation, Free, UnnamedFree};
use super::{Count, Gone, Inner, MAX_TIME, add_recorded};
use crate::tracer::sink::{Attachment, Event, EventKind};

impl Inner {
    /// Counts an allocation, records it if there is a table, and tells of it if there is a ring.
    ///
    /// A call of its own, unlike what records only: that is in each hook twice already.
    #[inline(never)]
    pub(in crate::tracer) fn allocated_for_host(
        &mut self,
        mode: Mode,
        event: &Allocation<'_>,
        count: &Count,
    ) {
        let (size, stack) = if self.has_table() {
            let block = self.allocated(mode, event, count);
            (block.size, self.stacks.id(block.stack))
        } else {
            (self.allocated_without_table(event), 0)
        };
        let kind = EventKind::Allocated {
            address: event.address.get(),
            size,
            stack,
        };
        self.tell(event.core, event.task, kind);
    }

    /// Counts an allocation of which no record finds room; returns its size.
    #[cold]
    fn allocated_without_table(&mut self, event: &Allocation<'_>) -> usize {
        self.counters.evicted += 1;
        self.counters.evicted_live += 1;
        let (size, _) = self.allocation(event);
        add_recorded(&mut self.counters.evicted_live_bytes, size);
        size
    }

    /// Leaks mode: counts a free, removes its record, and tells of it; returns whether there was a record.
    #[inline(never)]
    pub(in crate::tracer) fn freed_with_record_for_host(
        &mut self,
        address: usize,
        count: &Count,
    ) -> bool {
        let Some(gone) = self.records.take(address, self.last_seq) else {
            return false;
        };
        self.tell_of_free(0, address, &gone);
        self.matched(Mode::Leaks, &gone, count);
        true
    }

    /// Does what [`freed`](Self::freed) does where there is a table and a ring.
    pub(super) fn freed_for_host(
        &mut self,
        mode: Mode,
        event: &Free<'_>,
        count: &Count,
    ) -> Option<UnnamedFree> {
        self.pass(event.time_us.min(MAX_TIME));
        let Some(gone) = self.take_off(mode, event) else {
            self.tell_of_unknown_free(event);
            return self.unmatched(mode, event);
        };
        self.tell_of_free(event.core, event.address, &gone);
        self.matched(mode, &gone, count);
        None
    }

    #[inline(always)]
    fn tell_of_free(&self, core: u8, address: usize, gone: &Gone) {
        let kind = EventKind::Freed {
            address,
            size: gone.size,
            stack: gone.freed_by.map(|stack| self.stacks.id(stack)),
        };
        self.tell(core, self.stacks.task(gone.stack), kind);
    }

    /// Tells of a free without a record.
    pub(super) fn tell_of_unknown_free(&mut self, event: &Free<'_>) {
        if self.ring.is_none() || event.address == 0 {
            return;
        }
        self.pass(event.time_us.min(MAX_TIME));
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
