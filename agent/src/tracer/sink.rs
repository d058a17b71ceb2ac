//! What a host is told of, and the ring that keeps it until then.

use super::atomics::{AtomicU32, AtomicUsize, NUMBERS, POINTERS};
use super::ring::{EventCursor, Overtaken, Packed, Ring, Slot};
use super::values::Trace;

/// A [`Ring`] of `N` events: a power of two. A board has it in a static.
///
/// ```
/// use heapbeacon::tracer::{EventRing, Ring};
///
/// static EVENTS: EventRing<64> = EventRing::new();
/// let events: &Ring = &EVENTS;
/// let mut cursor = events.end();
/// assert_eq!(events.read(&mut cursor), Ok(None));
/// ```
pub type EventRing<const N: usize> = Ring<[Slot; N]>;

/// Something that happened to the heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Order and time: microseconds since boot. An allocation's is its record's sequence number.
    pub seq: u64,
    /// Number of the core, where it is known.
    pub core: u8,
    /// Id of the task that allocates, or has allocated; 0 if unknown.
    pub task: u16,
    /// What happened.
    pub kind: EventKind,
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
        /// Id of the call stack; 0 if there is no record.
        stack: u32,
    },
    /// A block with a record was given back.
    Freed {
        /// First byte.
        address: usize,
        /// Bytes that were asked for.
        size: usize,
        /// Id of the call stack that freed it (all mode).
        stack: Option<u32>,
    },
    /// What has no record was given back.
    FreedUnknown {
        /// The pointer.
        address: usize,
        /// Bytes, where the allocator says; else 0.
        size: usize,
    },
    /// An allocation failed.
    Failed {
        /// Bytes asked for.
        size: usize,
        /// Id of the call stack; 0 if there is no stack table.
        stack: u32,
    },
    /// Nothing that was told of before counts any more: another trace begins, or the records are gone.
    Began(Trace),
}

/// Where a host begins to be told.
#[derive(Clone, Copy, Debug)]
pub struct Attachment {
    /// Where events are from now on.
    pub ring: &'static Ring,
    /// The first of them.
    pub cursor: EventCursor,
    /// The trace that there is before it.
    pub trace: Trace,
    /// The last sequence number before it.
    pub seq: u64,
    /// Whether there are records, by which a host learns what is live.
    pub has_table: bool,
}

const ALLOCATED: u8 = 0;
const FREED: u8 = 1;
const FREED_BY: u8 = 2;
const FREED_UNKNOWN: u8 = 3;
const FAILED: u8 = 4;

impl Slot {
    #[expect(
        clippy::declare_interior_mutable_const,
        reason = "each use makes a slot of its own"
    )]
    const EMPTY: Self = Self::of(
        [const { AtomicU32::new(0) }; NUMBERS],
        [const { AtomicUsize::new(0) }; POINTERS],
    );
}

impl<const N: usize> EventRing<N> {
    /// Makes an empty ring.
    pub const fn new() -> Self {
        const {
            assert!(
                N.is_power_of_two(),
                "a ring has a power of two for its length"
            )
        };
        Self::of(AtomicU32::new(0), AtomicU32::new(0), [Slot::EMPTY; N])
    }
}

impl<const N: usize> Default for EventRing<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl Ring {
    /// Returns the event at a cursor, which moves on, or `None` where there is none yet.
    ///
    /// # Errors
    /// When it was overwritten; the cursor stays.
    pub fn read(&self, cursor: &mut EventCursor) -> Result<Option<Event>, Overtaken> {
        let packed = self.read_packed(cursor)?;
        Ok(packed.map(|packed| Event::unpack(&packed)))
    }
}

impl Event {
    #[inline(always)]
    pub(super) fn pack(&self) -> Packed {
        let (kind, address, size, stack) = match self.kind {
            EventKind::Allocated {
                address,
                size,
                stack,
            } => (ALLOCATED, address, size, stack),
            EventKind::Freed {
                address,
                size,
                stack: None,
            } => (FREED, address, size, 0),
            EventKind::Freed {
                address,
                size,
                stack: Some(stack),
            } => (FREED_BY, address, size, stack),
            EventKind::FreedUnknown { address, size } => (FREED_UNKNOWN, address, size, 0),
            EventKind::Failed { size, stack } => (FAILED, 0, size, stack),
            EventKind::Began(trace) => (u8::MAX, 0, trace.tables as usize, trace.id),
        };
        Packed {
            numbers: [
                self.seq as u32,
                // A sequence number has 48 bits.
                (self.seq >> u32::BITS) as u32 | u32::from(self.core) << 16 | u32::from(kind) << 24,
                self.task.into(),
                stack,
            ],
            pointers: [address, size],
        }
    }

    fn unpack(packed: &Packed) -> Self {
        let Packed {
            numbers: [low, high, task, stack],
            pointers: [address, size],
        } = *packed;
        let kind = match (high >> 24) as u8 {
            ALLOCATED => EventKind::Allocated {
                address,
                size,
                stack,
            },
            FREED => EventKind::Freed {
                address,
                size,
                stack: None,
            },
            FREED_BY => EventKind::Freed {
                address,
                size,
                stack: Some(stack),
            },
            FREED_UNKNOWN => EventKind::FreedUnknown { address, size },
            FAILED => EventKind::Failed { size, stack },
            _ => EventKind::Began(Trace {
                id: stack,
                tables: size as u32,
            }),
        };
        Self {
            seq: u64::from(high as u16) << u32::BITS | u64::from(low),
            core: (high >> 16) as u8,
            task: task as u16,
            kind,
        }
    }
}
