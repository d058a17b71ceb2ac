//! `GET /postmortem`: as JSON, or as the messages that are kept.

use heapbeacon_shared::analysis::{Passed, judge};
use heapbeacon_shared::api;
use heapbeacon_shared::trace::{Failure, Kind, Left, Origin, Period, Region, Stack, Task};
use heapbeacon_shared::wire::Message;

use crate::http::answer::chunk::Chunk;
use crate::platform::Device;
use crate::read::stream::Out;

/// What is kept, as a JSON object with a list for each kind of message, made a chunk at a time.
pub(crate) struct PostMortemPage {
    part: Part,
    /// Where the next message begins.
    at: usize,
    is_first: bool,
    /// A call stack whose blocks may follow.
    stack: Option<Stack>,
}

/// What the page writes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Ending,
    Device,
    Summary,
    Regions,
    Leaks,
    Stacks,
    Failures,
    Marks,
    Log,
    Tail,
    Done,
}

impl Part {
    /// Returns the next part, and what stands before it.
    fn next(self) -> (Self, &'static str) {
        match self {
            Self::Ending => (Self::Device, ",\"device\":"),
            Self::Device => (Self::Summary, ",\"summary\":"),
            Self::Summary => (Self::Regions, ",\"regions\":["),
            Self::Regions => (Self::Leaks, "],\"leaks\":["),
            Self::Leaks => (Self::Stacks, "],\"stacks\":["),
            Self::Stacks => (Self::Failures, "],\"failures\":["),
            Self::Failures => (Self::Marks, "],\"marks\":["),
            Self::Marks => (Self::Log, "],\"log\":["),
            Self::Log => (Self::Tail, "]}"),
            Self::Tail | Self::Done => (Self::Done, ""),
        }
    }
}

impl PostMortemPage {
    pub(crate) fn new() -> Self {
        Self {
            part: Part::Ending,
            at: 0,
            is_first: true,
            stack: None,
        }
    }

    /// Appends what has room; returns whether there is more.
    pub(crate) fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
        while chunk.has_room() {
            match self.part {
                Part::Ending => {
                    let outcome = P::black_box().map_or("", |it| it.outcome().name());
                    chunk.text(format_args!("{{\"outcome\":\"{outcome}\",\"ending\":"));
                    self.value::<P>(chunk);
                }
                Part::Device | Part::Summary => self.value::<P>(chunk),
                Part::Tail => self.go_on(chunk),
                Part::Done => return false,
                _ => self.element::<P>(chunk),
            }
        }
        true
    }

    fn go_on(&mut self, chunk: &mut Chunk) {
        let (part, before) = self.part.next();
        chunk.text(format_args!("{before}"));
        *self = Self {
            part,
            ..Self::new()
        };
    }

    /// Writes the one message of a part, or null.
    fn value<P: Device>(&mut self, chunk: &mut Chunk) {
        loop {
            match (self.part, self.read::<P>()) {
                (Part::Ending, Some(Message::Ending(ending))) => break chunk.json(&ending),
                (Part::Device, Some(Message::Header(header))) => break chunk.json(&header),
                (Part::Summary, Some(Message::Counters(summary))) => break chunk.json(&summary),
                (_, Some(_)) => {}
                (_, None) => break chunk.text(format_args!("null")),
            }
        }
        self.go_on(chunk);
    }

    /// Writes the next element of a list, or ends it.
    fn element<P: Device>(&mut self, chunk: &mut Chunk) {
        let Some(message) = self.read::<P>() else {
            if let Some(stack) = self.stack.take().filter(|_| self.part == Part::Stacks) {
                let stack = described::<P>(&stack);
                chunk.element(&mut self.is_first, &stack);
            }
            return self.go_on(chunk);
        };
        let is_first = &mut self.is_first;
        match (self.part, message) {
            (Part::Regions, Message::Region(region)) => {
                let index = regions_before::<P>(self.at);
                chunk.element(is_first, &region_of::<P>(index, &region));
            }
            // Without blocks of its own behind it, it is one that something else refers to.
            (Part::Stacks, Message::Stack(stack)) => {
                if let Some(before) = self.stack.replace(stack) {
                    chunk.element(is_first, &described::<P>(&before));
                }
            }
            (Part::Leaks, Message::Stack(stack)) => self.stack = Some(stack),
            (Part::Stacks, Message::Births(_)) => self.stack = None,
            (Part::Leaks, Message::Births(leak)) => {
                if let Some(stack) = self.stack.take() {
                    let period = period::<P>();
                    let verdict = judge(&leak, &Passed::of(&stack), &period, Kind::TooEarly);
                    let leak = api::Leak::of(leak, described::<P>(&stack), verdict);
                    chunk.element(is_first, &leak);
                }
            }
            (Part::Failures, Message::FailedAllocation(failure)) => {
                let left = left_at::<P>(self.at);
                chunk.element(is_first, &Failure { left, ..failure });
            }
            (Part::Marks, Message::Mark(mark)) => chunk.element(is_first, &mark),
            (Part::Log, Message::Log(line)) => chunk.element(is_first, &line),
            _ => {}
        }
    }

    /// Reads the next message that this firmware knows.
    fn read<P: Device>(&mut self) -> Option<Message> {
        loop {
            let (message, next) = P::black_box()?.read(self.at)?;
            self.at = next;
            if message.is_some() {
                return message;
            }
        }
    }
}

/// The messages as they are kept: a stream that opens as a capture.
pub(crate) struct KeptMessages(pub(crate) usize);

impl KeptMessages {
    /// Appends what has room; returns whether there is more.
    pub(crate) fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
        let copied = P::black_box().map_or(0, |it| it.copy(self.0, chunk.room()));
        chunk.take(copied);
        self.0 += copied;
        copied > 0
    }
}

/// Returns what is kept, message by message.
fn messages<P: Device>() -> impl Iterator<Item = (usize, Message)> {
    let mut at = 0;
    core::iter::from_fn(move || {
        let (message, next) = P::black_box()?.read(at)?;
        at = next;
        Some((next, message))
    })
    .filter_map(|(next, message)| Some((next, message?)))
}

fn period<P: Device>() -> Period {
    let told = messages::<P>().find_map(|(_, message)| match message {
        Message::Period(period) => Some(period),
        _ => None,
    });
    told.unwrap_or_default()
}

/// Returns what was left of the heap at the failed allocation whose message ends at a place.
fn left_at<P: Device>(end: usize) -> Option<Left> {
    match P::black_box()?.read(end)? {
        (Some(Message::Left(left)), _) => Some(left),
        _ => None,
    }
}

/// Describes a call stack, with the name that its task had then.
fn described<P: Device>(stack: &Stack) -> api::Stack {
    let task = messages::<P>().find_map(|(_, message)| match message {
        Message::Task(Task { id, name, origin }) if id == stack.task => Some((name, origin)),
        _ => None,
    });
    let task: Option<(_, Origin)> = task;
    api::Stack::of(stack, task.as_ref().map(|(name, origin)| (name, *origin)))
}

/// Returns how many regions are told of before the one that ends at a place.
fn regions_before<P: Device>(end: usize) -> u8 {
    let regions = messages::<P>().filter(|(_, message)| matches!(message, Message::Region(_)));
    regions.take_while(|(next, _)| *next < end).count() as u8
}

/// Describes a region with how full it was.
fn region_of<P: Device>(index: u8, region: &heapbeacon_shared::wire::HeapRegion) -> Region {
    let mut full = Region::of(region);
    for (_, message) in messages::<P>() {
        match message {
            Message::Sample(sample) if sample.region == index => full.take_sample(&sample),
            Message::Handed(handed) if handed.region == index => full.take_handed(&handed),
            _ => {}
        }
    }
    full
}
