//! The trace as a stream of wire messages: a capture of everything, or a page.
//!
//! A capture shows one moment: what is allocated or freed while it is sent is left out. Where the trace is started
//! anew meanwhile, the stream ends without its last message, which tells its reader that it is not whole.

use heapbeacon_shared::trace::{Freed, MissedFrees, Record, Stack, Summary, Task};
use heapbeacon_shared::wire::{self, Encoder, Message};
use heapless::Vec;

use crate::platform::Device;
use crate::read::bodies;
use crate::read::cursors::{PageRecords, Records, Stacks, is_latest};
use crate::read::leaks::Leaks;
use crate::read::scanner::{Next, Scanner};
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

/// What a stream is of.
#[allow(
    clippy::large_enum_variant,
    reason = "there is no heap to put the large ones on"
)]
pub enum Content {
    /// Everything, as of a moment in microseconds since boot, with what points into the heap where that is wanted.
    Everything(u64, Option<Scanner>),
    /// A page of stacks.
    Stacks(Stacks),
    /// A page of records and the stacks that they refer to.
    Records(PageRecords),
    /// A list of leaks and the stacks that they refer to.
    Leaks(Leaks),
}

/// A stream of messages under way.
pub struct MessageStream {
    trace: Trace,
    part: Part,
    speaker: MessageWriter,
}

/// What a stream says next.
#[allow(
    clippy::large_enum_variant,
    reason = "there is no heap to put the large ones on"
)]
enum Part {
    Header(Content),
    Regions(u64, Option<Scanner>),
    Counters(u64, Option<Scanner>),
    Scan(u64, Scanner),
    Stacks(Stacks),
    StacksOf(u64, Stacks),
    Records(PageRecords),
    RecordsOf(u64, Records),
    Leaks(Leaks),
    /// Marks behind the one with an id, up to a moment.
    Marks(u64, u32),
    /// What the next page comes after.
    Next(Option<u64>),
    End,
    Done,
}

impl MessageStream {
    /// Begins a stream.
    pub fn new<P: Device>(content: Content) -> Self {
        Self {
            trace: match &content {
                Content::Everything(_, Some(scanner)) => scanner.trace(),
                Content::Everything(_, None) => P::tracer().trace(),
                Content::Stacks(stacks) => stacks.trace(),
                Content::Records(page) => page.trace(),
                Content::Leaks(leaks) => leaks.trace(),
            },
            part: Part::Header(content),
            speaker: MessageWriter::default(),
        }
    }

    /// Writes as much as has room; returns whether there is more.
    pub fn fill<P: Device>(&mut self, out: &mut impl Out) -> bool {
        while out.has_room() {
            if let Part::Done = self.part {
                return false;
            }
            if self.step::<P>(out) {
                break;
            }
        }
        true
    }

    /// Writes the next message, if there is one at once; returns whether others should get their turn first.
    fn step<P: Device>(&mut self, out: &mut impl Out) -> bool {
        let say = &mut self.speaker;
        let mut is_paused = false;
        let goes_on = match &mut self.part {
            Part::Header(_) => say.header::<P>(self.trace, out),
            Part::Regions(moment, _) => say.regions::<P>(*moment, out),
            Part::Counters(moment, _) => say.counters::<P>(self.trace, *moment, out),
            Part::Stacks(stacks) | Part::StacksOf(_, stacks) => say.next_stack::<P>(stacks, out),
            Part::Records(page) => say.next_record::<P>(page, out),
            Part::RecordsOf(moment, records) => say.record_of::<P>(*moment, records, out),
            Part::Leaks(leaks) => say.next_leak::<P>(leaks, out),
            Part::Marks(moment, last) => say.next_mark::<P>(*moment, last, out),
            Part::Next(next) => say.next_page(*next, out),
            Part::End => say.end(out),
            Part::Scan(_, scanner) => match scanner.next_message::<P>() {
                Next::Message(message) => {
                    scanner.spent(say.say(out, &message), &message);
                    true
                }
                Next::Pause => {
                    is_paused = true;
                    true
                }
                Next::Done => false,
            },
            Part::Done => true,
        };
        if !goes_on {
            let part = core::mem::replace(&mut self.part, Part::Done);
            self.part = part.following::<P>(self.trace);
        }
        is_paused
    }
}

impl Part {
    fn following<P: Device>(self, trace: Trace) -> Self {
        match self {
            // Also where the trace was started anew meanwhile: the next page is the new trace's.
            Part::Stacks(stacks) => Part::Next(stacks.following::<P>().map(u64::from)),
            Part::Records(mut page) => Part::Next(page.following::<P>()),
            _ if !is_latest::<P>(trace) => Part::Done,
            Part::Header(Content::Everything(moment, scanner)) => Part::Regions(moment, scanner),
            Part::Header(Content::Stacks(stacks)) => Part::Stacks(stacks),
            Part::Header(Content::Records(page)) => Part::Records(page),
            Part::Header(Content::Leaks(leaks)) => Part::Leaks(leaks),
            Part::Regions(moment, scanner) => Part::Counters(moment, scanner),
            Part::Counters(moment, Some(scanner)) => Part::Scan(moment, scanner),
            Part::Scan(_, scanner) if scanner.is_all() => Part::End,
            Part::Counters(moment, None) | Part::Scan(moment, _) => {
                Part::StacksOf(moment, Stacks::new::<P>(trace, None, u32::MAX))
            }
            Part::StacksOf(moment, _) => Part::RecordsOf(moment, Records::after(trace, 0)),
            Part::RecordsOf(moment, _) => Part::Marks(moment, 0),
            Part::Marks(..) | Part::Leaks(_) | Part::Next(_) => Part::End,
            Part::End | Part::Done => Part::Done,
        }
    }
}

/// Writes messages, each after what it refers to. Every method returns whether it has more to write.
#[derive(Default)]
struct MessageWriter {
    encoder: Encoder,
    tasks: Vec<u16, TASKS>,
}

impl MessageWriter {
    fn header<P: Device>(&mut self, trace: Trace, out: &mut impl Out) -> bool {
        let header = bodies::header(&P::describe(), trace.id());
        self.say(out, &Message::Header(header));
        false
    }

    fn regions<P: Device>(&mut self, time: u64, out: &mut impl Out) -> bool {
        let regions = P::regions(None);
        for region in &regions {
            self.say(out, &Message::Region(bodies::region(region)));
        }
        for (index, region) in regions.iter().enumerate() {
            let sample = bodies::sample(time, index as u8, region);
            self.say(out, &Message::Sample(sample));
            self.say(out, &Message::Handed(bodies::handed(index as u8, region)));
        }
        if let Some(reserve) = bodies::reserve::<P>() {
            self.say(out, &Message::Reserve(reserve));
        }
        false
    }

    fn counters<P: Device>(&mut self, trace: Trace, moment: u64, out: &mut impl Out) -> bool {
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

    fn next_stack<P: Device>(&mut self, stacks: &mut Stacks, out: &mut impl Out) -> bool {
        let Some(stack) = stacks.read_next::<P>() else {
            return false;
        };
        self.stack::<P>(&stack, out);
        true
    }

    fn next_record<P: Device>(&mut self, page: &mut PageRecords, out: &mut impl Out) -> bool {
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

    fn next_leak<P: Device>(&mut self, leaks: &mut Leaks, out: &mut impl Out) -> bool {
        if leaks.is_at_start() {
            self.say(out, &Message::Period(leaks.period().clone()));
        }
        let Some(listed) = leaks.read_next(P::tracer()) else {
            let call_stacks = leaks.total();
            self.say(out, &Message::Listed(wire::Listed { call_stacks }));
            return false;
        };
        self.stack::<P>(&listed.stack, out);
        self.say(out, &Message::Births(listed.leak));
        true
    }

    fn record_of<P: Device>(
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
            self.say(out, &Message::FailedAllocation(*failure));
        }
    }

    fn wrong_frees<P: Device>(&mut self, trace: Trace, moment: u64, out: &mut impl Out) {
        let wrong_frees = P::tracer().wrong_frees(trace).unwrap_or_default();
        for wrong in wrong_frees.iter().filter(|wrong| wrong.time_us <= moment) {
            self.say(out, &Message::WrongFree(*wrong));
        }
    }

    fn next_mark<P: Device>(&mut self, moment: u64, last: &mut u32, out: &mut impl Out) -> bool {
        let mark = P::marks().after(*last);
        let Some(mark) = mark.filter(|mark| mark.time_us <= moment) else {
            return false;
        };
        *last = mark.id;
        self.say(out, &Message::Mark(mark));
        true
    }

    fn stack<P: Device>(&mut self, stack: &Stack, out: &mut impl Out) {
        if stack.task != 0 && !self.tasks.contains(&stack.task) {
            self.task::<P>(stack.task, out);
        }
        self.say(out, &Message::Stack(bodies::with_cut::<P>(stack)));
    }

    fn task<P: Device>(&mut self, id: u16, out: &mut impl Out) {
        let Some(task) = P::task(id) else { return };
        let _ = self.tasks.push(id);
        let (name, origin) = (task.name, task.origin);
        self.say(out, &Message::Task(Task { id, name, origin }));
    }

    fn next_page(&mut self, next: Option<u64>, out: &mut impl Out) -> bool {
        self.say(out, &Message::Page(wire::Page { next }));
        false
    }

    fn end(&mut self, out: &mut impl Out) -> bool {
        let end = self.encoder.finish();
        self.say(out, &end);
        false
    }

    /// Says a message, and returns the bytes that it took.
    fn say(&mut self, out: &mut impl Out, message: &Message) -> usize {
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
