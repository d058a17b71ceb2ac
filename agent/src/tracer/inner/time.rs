//! What time it is for the trace, and when nothing was recorded.

use heapbeacon_shared::trace::State;

use super::Inner;
use crate::tracer::records::{MAX_SEQ, MAX_TIME};

impl Inner {
    /// Returns the later of a clock and the last sequence number: a clock may step back.
    pub(in crate::tracer) fn now(&self, clock_us: u64) -> u64 {
        clock_us.min(MAX_TIME).max(self.last_seq)
    }

    /// Returns the next sequence number: the time, which is [`bounded`](crate::tracer::records::bounded), or one more than the last if that is later.
    #[inline(always)]
    pub(in crate::tracer) fn stamp(&mut self, time_us: u64) -> u64 {
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
        self.last_seq = (self.last_seq + 1).min(MAX_SEQ);
        self.last_seq
    }

    /// Takes note of the time, so that what comes next is not before it.
    pub(in crate::tracer) fn pass(&mut self, clock_us: u64) {
        self.last_seq = self.now(clock_us);
    }

    /// Lets time begin anew.
    pub(in crate::tracer) fn rewind(&mut self) {
        self.last_seq = 0;
    }

    /// Notes that allocations are not recorded from now on.
    pub(in crate::tracer) fn begin_gap(&mut self) {
        self.unrecorded.begin(self.last_seq);
    }

    /// Notes that allocations were not recorded for a while, after a stop also no frees, and now are.
    pub(in crate::tracer) fn end_gap(&mut self) {
        // It may be the first time that anything is recorded.
        if self.mode.is_none() {
            return;
        }
        self.gaps = self.gaps.saturating_add(1);
        self.unrecorded.end(self.last_seq);
        // A number of its own: so one gap is told from the next.
        let now = self.stamp_behind();
        self.ledger.end_gap(now);
        if self.state == State::Stopped && self.counters.total_allocations > 0 {
            self.ledger.distrust(now);
        }
    }
}
