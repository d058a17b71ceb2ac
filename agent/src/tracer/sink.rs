//! Where events go in to-host mode.

use core::cell::RefCell;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use heapless::{Deque, Vec};

use heapbeacon_shared::trace::MAX_FRAMES;

/// The host takes no more for now: the event is dropped and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Takes events to a host.
///
/// Called from inside the allocator, outside the tracer's lock: it must not allocate or wait.
pub trait Sink: Sync {
    /// Hands over one event; on [`Full`] it is lost.
    fn send(&self, event: &Event<'_>) -> Result<(), Full>;
}

/// Something that happened to the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// Order and time: microseconds since boot, unique and rising.
    pub seq: u64,
    /// Number of the core.
    pub core: u8,
    /// Id of the task; 0 if unknown.
    pub task: u16,
    /// What happened.
    pub kind: EventKind,
    /// Return addresses, innermost first; empty where the stack was not walked.
    pub frames: &'a [usize],
}

/// What happened to the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A block was handed out.
    Allocated {
        /// First byte.
        address: usize,
        /// Bytes asked for.
        size: usize,
    },
    /// A block was given back.
    Freed {
        /// First byte.
        address: usize,
    },
    /// An allocation failed.
    Failed {
        /// Bytes asked for.
        size: usize,
    },
}

/// An [`Event`] that owns its frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedEvent {
    /// Order and time: microseconds since boot, unique and rising.
    pub seq: u64,
    /// Number of the core.
    pub core: u8,
    /// Id of the task; 0 if unknown.
    pub task: u16,
    /// What happened.
    pub kind: EventKind,
    /// Return addresses, innermost first.
    pub frames: Vec<usize, MAX_FRAMES>,
}

/// A sink inside the process: it keeps `N` events until somebody takes them.
pub struct RingSink<M, const N: usize> {
    events: Mutex<M, RefCell<Deque<OwnedEvent, N>>>,
}

impl<M: RawMutex, const N: usize> RingSink<M, N> {
    /// Makes an empty ring.
    pub const fn new() -> Self {
        Self {
            events: Mutex::new(RefCell::new(Deque::new())),
        }
    }

    /// Takes the oldest event.
    pub fn pop(&self) -> Option<OwnedEvent> {
        self.events.lock(|events| events.borrow_mut().pop_front())
    }
}

impl<M: RawMutex, const N: usize> Default for RingSink<M, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<M: RawMutex + Sync, const N: usize> Sink for RingSink<M, N> {
    fn send(&self, event: &Event<'_>) -> Result<(), Full> {
        let event = OwnedEvent {
            seq: event.seq,
            core: event.core,
            task: event.task,
            kind: event.kind,
            frames: event.frames.iter().copied().take(MAX_FRAMES).collect(),
        };
        self.events
            .lock(|events| events.borrow_mut().push_back(event).map_err(|_| Full))
    }
}
