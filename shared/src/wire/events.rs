//! Events, many to a message: each is told by how far it is from the one before.

use serde::{Deserialize, Serialize};

use crate::trace::{Address, Record};

/// Bytes of the steps of one message: with the numbers before them they fit into the longest body.
const STEP_BYTES: usize = 480;
/// Bytes of the longest step: a number takes ten at most.
const LONGEST_STEP: usize = 48;

/// What happened to a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was handed out. Its sequence number is its time.
    Allocated(Record),
    /// It was given back.
    Freed(FreedBlock),
}

/// The free of a block, whose record the reader knows by its address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FreedBlock {
    /// When: in leaks mode, the time of the last event that has one.
    pub time: u64,
    /// First byte of the block.
    pub address: Address,
    /// Id of the [`Stack`](crate::trace::Stack) that freed, where it is known.
    pub stack: Option<u32>,
}

/// Some events, in their order. They say all that a reader has to know: it need not have those before.
///
/// ```
/// use heapbeacon_shared::trace::Record;
/// use heapbeacon_shared::wire::{Event, EventWriter};
///
/// let event = Event::Allocated(Record { seq: 7, size: 32, ..Record::default() });
/// let mut writer = EventWriter::default();
/// assert!(writer.push(&event));
/// assert!(writer.take().iter().eq([Ok(event)]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// What the first time is counted from.
    time: u64,
    /// What the first address is counted from.
    address: Address,
    /// One [`Step`] behind the other.
    steps: heapless::Vec<u8, STEP_BYTES>,
}

/// An event, told from the one before. Another kind of event needs a message of its own: a reader can't skip a step that it
/// does not know.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Step {
    /// On core 0, as on most chips.
    Allocated(Way, u64, u32),
    AllocatedOn(Way, u64, u32, u8),
    Freed(Way),
    FreedBy(Way, u32),
}

/// How far it is from one event to the next.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Way {
    time: u64,
    /// Up or down, modulo 2 to the 64.
    address: i64,
}

/// Writes [`Events`], one after the other.
#[derive(Clone, Debug, Default)]
pub struct EventWriter {
    events: Events,
    time: u64,
    address: Address,
}

/// The rest of some events can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedEvent;

impl Event {
    fn time(&self) -> u64 {
        match self {
            Self::Allocated(record) => record.seq,
            Self::Freed(freed) => freed.time,
        }
    }

    fn address(&self) -> Address {
        match self {
            Self::Allocated(record) => record.address,
            Self::Freed(freed) => freed.address,
        }
    }

    fn step(&self, way: Way) -> Step {
        match *self {
            Self::Allocated(Record {
                size,
                stack,
                core: 0,
                ..
            }) => Step::Allocated(way, size, stack),
            Self::Allocated(Record {
                size, stack, core, ..
            }) => Step::AllocatedOn(way, size, stack, core),
            Self::Freed(FreedBlock { stack: None, .. }) => Step::Freed(way),
            Self::Freed(FreedBlock {
                stack: Some(stack), ..
            }) => Step::FreedBy(way, stack),
        }
    }
}

impl EventWriter {
    /// Begins without an event.
    pub const fn new() -> Self {
        Self {
            events: Events {
                time: 0,
                address: Address(0),
                steps: heapless::Vec::new(),
            },
            time: 0,
            address: Address(0),
        }
    }

    /// Checks whether there is no event.
    pub fn is_empty(&self) -> bool {
        self.events.steps.is_empty()
    }

    /// Returns the most bytes that the message has so far, its length included.
    pub fn most_bytes(&self) -> usize {
        const NUMBERS: usize = 2 + 1 + 10 + 10 + 2;
        NUMBERS + self.events.steps.len()
    }

    /// Appends an event; returns whether it has room for it. An event that is earlier than the one before needs a message
    /// of its own.
    pub fn push(&mut self, event: &Event) -> bool {
        if self.is_empty() {
            (self.time, self.address) = (event.time(), event.address());
            (self.events.time, self.events.address) = (self.time, self.address);
        }
        let Some(time) = event.time().checked_sub(self.time) else {
            return false;
        };
        let address = event.address().0.wrapping_sub(self.address.0) as i64;
        let mut bytes = [0; LONGEST_STEP];
        // The longest step has room.
        let Ok(step) = postcard::to_slice(&event.step(Way { time, address }), &mut bytes) else {
            return false;
        };
        if self.events.steps.extend_from_slice(step).is_err() {
            return false;
        }
        (self.time, self.address) = (event.time(), event.address());
        true
    }

    /// Returns what was written, to begin anew.
    pub fn take(&mut self) -> Events {
        core::mem::take(self).events
    }
}

impl Events {
    /// Returns the events, up to the first that can't be read.
    pub fn iter(&self) -> impl Iterator<Item = Result<Event, MalformedEvent>> + '_ {
        let mut rest = self.steps.as_slice();
        let (mut time, mut address) = (self.time, self.address);
        core::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let Ok((step, behind)) = postcard::take_from_bytes::<Step>(rest) else {
                rest = &[];
                return Some(Err(MalformedEvent));
            };
            rest = behind;
            let way = step.way();
            time = time.wrapping_add(way.time);
            address = Address(address.0.wrapping_add(way.address as u64));
            Some(Ok(step.event(time, address)))
        })
    }
}

impl Step {
    fn way(self) -> Way {
        let (Self::Allocated(way, ..)
        | Self::AllocatedOn(way, ..)
        | Self::Freed(way)
        | Self::FreedBy(way, _)) = self;
        way
    }

    fn event(self, time: u64, address: Address) -> Event {
        let record = |size, stack, core| {
            Event::Allocated(Record {
                seq: time,
                address,
                size,
                core,
                stack,
                ..Record::default()
            })
        };
        let freed = |stack| {
            Event::Freed(FreedBlock {
                time,
                address,
                stack,
            })
        };
        match self {
            Self::Allocated(_, size, stack) => record(size, stack, 0),
            Self::AllocatedOn(_, size, stack, core) => record(size, stack, core),
            Self::Freed(_) => freed(None),
            Self::FreedBy(_, stack) => freed(Some(stack)),
        }
    }
}
