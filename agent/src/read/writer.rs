//! Writes wire messages, each after what it refers to.

use heapbeacon_shared::trace::{Failure, Freed, MissedFrees, Record, Stack, Summary, Task};
use heapbeacon_shared::wire::{self, Encoder, Message};
use heapless::Vec;

use crate::platform::Device;
use crate::read::bodies;
use crate::read::cursors::{PageRecords, Records, Stacks};
use crate::read::leaks::Leaks;
use crate::tracer::Trace;

/// Tasks that a stream remembers to have named; further ones are named again where they are used.
const TASKS: usize = 32;

/// Where messages go.
pub trait Out {
    /// Checks whether a record with all that it refers to fits for sure.
    fn has_room(&self) -> bool;
    /// Returns what is left.
    fn room(&mut self) -> &mut [u8];
    /// Takes that many bytes of what is left.
    fn take(&mut self, bytes: usize);
}

/// Writes messages, each after what it refers to. Every method returns whether it has more to write.
#[derive(Default)]
pub(super) struct MessageWriter {
    encoder: Encoder,
    tasks: Vec<u16, TASKS>,
}

impl MessageWriter {
    pub(super) const fn new() -> Self {
        Self {
            encoder: Encoder::new(),
            tasks: Vec::new(),
        }
    }

    pub(super) fn header<P: Device>(&mut self, trace: Trace, out: &mut impl Out) -> bool {
        let header = bodies::header(&bodies::describe::<P>(), trace.id());
        self.say(out, &Message::Header(header));
        false
    }

    pub(super) fn regions<P: Device>(&mut self, time: u64, out: &mut impl Out) -> bool {
        self.named_regions::<P>(out);
        self.samples::<P>(time, out);
        if let Some(reserve) = bodies::reserve::<P>() {
            self.say(out, &Message::Reserve(reserve));
        }
        false
    }

    /// Says what the regions are called, and where they are.
    pub(super) fn named_regions<P: Device>(&mut self, out: &mut impl Out) {
        for region in &P::regions(None) {
            self.say(out, &Message::Region(bodies::region(region)));
        }
    }

    /// Says how full they are.
    pub(super) fn samples<P: Device>(&mut self, time: u64, out: &mut impl Out) {
        for (index, region) in P::regions(None).iter().enumerate() {
            let sample = bodies::sample(time, index as u8, region);
            self.say(out, &Message::Sample(sample));
            self.say(out, &Message::Handed(bodies::handed(index as u8, region)));
        }
    }

    pub(super) fn counters<P: Device>(
        &mut self,
        trace: Trace,
        moment: u64,
        out: &mut impl Out,
    ) -> bool {
        let summary = Summary {
            time_us: moment,
            ..P::tracer().summary()
        };
        self.say(out, &Message::Counters(summary));
        if let Ok(period) = P::tracer().period(trace, moment) {
            self.say(out, &Message::Period(period));
        }
        if summary.dropped > 0 {
            let events = summary.dropped;
            self.say(out, &Message::Dropped(wire::Dropped { events }));
        }
        let (frees, bytes) = (summary.missed_frees, summary.missed_freed_bytes);
        if frees > 0 {
            let missed = MissedFrees { frees, bytes };
            self.say(out, &Message::MissedFrees(missed));
        }
        false
    }

    pub(super) fn next_stack<P: Device>(
        &mut self,
        stacks: &mut Stacks,
        out: &mut impl Out,
    ) -> bool {
        let Some(stack) = stacks.read_next::<P>() else {
            return false;
        };
        self.stack::<P>(&stack, out);
        true
    }

    pub(super) fn next_record<P: Device>(
        &mut self,
        page: &mut PageRecords,
        out: &mut impl Out,
    ) -> bool {
        let known = page.stacks().len();
        let Some(record) = page.read_next::<P>() else {
            return false;
        };
        for id in page.stacks().iter().skip(known) {
            if let Ok(Some(stack)) = P::tracer().stack(page.trace(), *id) {
                self.stack::<P>(&stack, out);
            }
        }
        self.record(&record, u64::MAX, out);
        true
    }

    pub(super) fn next_leak<P: Device>(&mut self, leaks: &mut Leaks, out: &mut impl Out) -> bool {
        if leaks.is_at_start() {
            self.say(out, &Message::Period(leaks.period().clone()));
        }
        let Some(listed) = leaks.read_next(P::tracer()) else {
            let call_stacks = leaks.total();
            self.say(out, &Message::Listed(wire::Listed { call_stacks }));
            return false;
        };
        self.told_stack::<P>(&listed.stack, listed.is_known, out);
        self.say(out, &Message::Births(listed.leak));
        true
    }

    pub(super) fn record_of<P: Device>(
        &mut self,
        moment: u64,
        records: &mut Records,
        out: &mut impl Out,
    ) -> bool {
        match records.peek::<P>() {
            Some(record) if record.seq <= moment => self.record(record, moment, out),
            _ => {
                self.failures::<P>(records.trace(), moment, out);
                self.wrong_frees::<P>(records.trace(), moment, out);
                return false;
            }
        }
        records.advance();
        true
    }

    fn record(&mut self, record: &Record, moment: u64, out: &mut impl Out) {
        self.say(out, &Message::Record(*record));
        if let Some(freed) = record.freed.filter(|freed| freed.time_us <= moment) {
            self.say(out, &Message::Freed(freed_of(record, freed)));
        }
    }

    fn failures<P: Device>(&mut self, trace: Trace, moment: u64, out: &mut impl Out) {
        let failures = P::tracer().failures(trace).unwrap_or_default();
        for failure in failures.iter().filter(|failure| failure.time_us <= moment) {
            self.failure(failure, out);
        }
    }

    pub(super) fn failure(&mut self, failure: &Failure, out: &mut impl Out) {
        self.say(out, &Message::FailedAllocation(*failure));
        if let Some(left) = failure.left {
            self.say(out, &Message::Left(left));
        }
    }

    fn wrong_frees<P: Device>(&mut self, trace: Trace, moment: u64, out: &mut impl Out) {
        let wrong_frees = P::tracer().wrong_frees(trace).unwrap_or_default();
        for wrong in wrong_frees.iter().filter(|wrong| wrong.time_us <= moment) {
            self.say(out, &Message::WrongFree(*wrong));
        }
    }

    pub(super) fn next_mark<P: Device>(
        &mut self,
        moment: u64,
        last: &mut u32,
        out: &mut impl Out,
    ) -> bool {
        let mark = P::marks().after(*last);
        let Some(mark) = mark.filter(|mark| mark.time_us <= moment) else {
            return false;
        };
        *last = mark.id;
        self.say(out, &Message::Mark(mark));
        true
    }

    /// Says how full the heap was in the point of its history behind a moment, and moves that on.
    pub(super) fn next_point<P: Device>(
        &mut self,
        after: &mut u64,
        until: u64,
        out: &mut impl Out,
    ) -> bool {
        let point = P::history().and_then(|history| history.after(*after));
        let Some(point) = point.filter(|point| point.until_us <= until) else {
            return false;
        };
        *after = point.until_us;
        self.say(out, &Message::History(point));
        true
    }

    pub(super) fn stack<P: Device>(&mut self, stack: &Stack, out: &mut impl Out) {
        self.told_stack::<P>(stack, false, out);
    }

    /// Says a call stack, without frames that its reader has.
    fn told_stack<P: Device>(&mut self, stack: &Stack, is_known: bool, out: &mut impl Out) {
        if stack.task != 0 && !self.tasks.contains(&stack.task) {
            self.task::<P>(stack.task, out);
        }
        let mut stack = bodies::with_cut::<P>(stack);
        if is_known {
            stack.frames.clear();
        }
        self.say(out, &Message::Stack(stack));
    }

    fn task<P: Device>(&mut self, id: u16, out: &mut impl Out) {
        let Some(task) = P::task(id) else { return };
        let _ = self.tasks.push(id);
        let (name, origin) = (task.name, task.origin);
        self.say(out, &Message::Task(Task { id, name, origin }));
    }

    pub(super) fn next_page(&mut self, next: Option<u64>, out: &mut impl Out) -> bool {
        self.say(out, &Message::Page(wire::Page { next }));
        false
    }

    pub(super) fn end(&mut self, out: &mut impl Out) -> bool {
        let end = self.encoder.finish();
        self.say(out, &end);
        false
    }

    /// Says a message, and returns the bytes that it took.
    pub(super) fn say(&mut self, out: &mut impl Out, message: &Message) -> usize {
        // The format leaves out a message that looks like a preamble; there is no other error.
        let encoded = self.encoder.encode(message, out.room());
        let taken = encoded.map_or(0, <[u8]>::len);
        out.take(taken);
        taken
    }
}

/// Returns the message on the free of a record.
fn freed_of(record: &Record, freed: Freed) -> wire::Free {
    wire::Free {
        seq: record.seq,
        address: record.address,
        time: freed.time_us,
        stack: freed.stack,
    }
}
