//! The trace as a stream of wire messages: a capture of everything, or a page.
//!
//! A capture shows one moment: what is allocated or freed while it is sent is left out. Where the trace is started
//! anew meanwhile, the stream ends without its last message, which tells its reader that it is not whole.

use crate::platform::Device;
use crate::read::cursors::{PageRecords, Records, Stacks, is_latest};
use crate::read::leaks::Leaks;
use crate::read::scanner::{Next, Scanner};
use crate::read::writer::MessageWriter;
use crate::tracer::Trace;

pub use crate::read::writer::Out;

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
    /// How full the heap was behind a moment, up to another one.
    History(u64, u64),
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
            Part::History(after, until) => say.next_point::<P>(after, *until, out),
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
            Part::Marks(moment, _) => Part::History(0, moment),
            Part::History(..) | Part::Leaks(_) | Part::Next(_) => Part::End,
            Part::End | Part::Done => Part::Done,
        }
    }
}
