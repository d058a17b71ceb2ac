//! The tracer: state machine, record table, stack table.
//!
//! ```text
//! hook ──► Tracer::allocated / freed / failed                    events.rs: any context, interrupts included
//!              │ one short hold of the lock
//!              ├─► Stacks::intern   call stack → index          stacks.rs
//!              ├─► Records::insert  block → record, O(1)        records.rs
//!              ├─► Counters, Ledger                             inner.rs, ledger.rs
//!              └─► to-host mode: Ring::push                     inner/host.rs, ring.rs, sink.rs
//! reader ─► read_records / read_stacks / leaks / summary         queries.rs: steps of 16 entries a hold
//! ```
//!
//! It never allocates, formats or logs, and every hold of the lock is a small number of
//! instructions that does not depend on how many records there are. The calls and their errors
//! follow ESP-IDF's `esp_heap_trace.h`; what they do better stands in ARCHITECTURE.md.
//!
//! ```
//! # #[cfg(feature = "tracing")] {
//! use core::{mem::MaybeUninit, num::NonZeroUsize};
//! use embassy_sync::blocking_mutex::raw::NoopRawMutex;
//! use heapbeacon::tracer::{Allocation, CallStack, Mode, Tracer};
//!
//! let tracer = Tracer::<NoopRawMutex>::new();
//! let buffer = Box::leak(vec![MaybeUninit::uninit(); 4096].into_boxed_slice());
//! tracer.init_standalone(buffer, None).map_err(|refused| refused.error)?;
//! tracer.start(Mode::Leaks, 0)?;
//!
//! let stack = CallStack::from_iter([0x4200_0010, 0x4200_0123]);
//! let address = NonZeroUsize::new(0x3fc8_0000).expect("null is no block");
//! let block = Allocation { address, size: 32, time_us: 7, core: 0, task: 0, stack: &stack };
//! tracer.allocated(&block);
//! assert_eq!(tracer.get(0)?.size, 32);
//!
//! tracer.freed_unnamed(address.get(), 32);
//! assert_eq!(tracer.count(), 0);
//! # }
//! # Ok::<(), heapbeacon::tracer::Error>(())
//! ```

mod atomics;
mod call_stack;
mod error;
#[cfg_attr(
    not(feature = "tracing"),
    allow(dead_code, reason = "only the tracer writes events")
)]
mod ring;
#[cfg_attr(
    not(feature = "tracing"),
    allow(dead_code, reason = "only the tracer writes events")
)]
mod sink;
mod values;

#[cfg(feature = "tracing")]
mod control;
#[cfg(feature = "tracing")]
mod count;
#[cfg(feature = "tracing")]
mod cursors;
#[cfg(not(feature = "tracing"))]
mod disabled;
#[cfg(feature = "tracing")]
mod events;
#[cfg(feature = "tracing")]
mod inner;
#[cfg(feature = "tracing")]
mod ledger;
#[cfg(feature = "tracing")]
mod lifetime;
#[cfg(feature = "tracing")]
mod queries;
#[cfg(feature = "tracing")]
mod records;
#[cfg(feature = "tracing")]
mod split;
#[cfg(feature = "tracing")]
mod stacks;
#[cfg(feature = "tracing")]
mod storage;
#[cfg(feature = "tracing")]
mod table;
#[cfg(feature = "tracing")]
mod unrecorded;

#[cfg(all(test, feature = "tracing"))]
mod tests;

use core::num::NonZeroUsize;

pub use call_stack::CallStack;
#[cfg(feature = "tracing")]
pub use control::Tracer;
#[cfg(feature = "tracing")]
pub use cursors::{LeakCursor, RecordCursor, StackCursor};
#[cfg(not(feature = "tracing"))]
pub use disabled::{LeakCursor, RecordCursor, StackCursor, Tracer};
pub use error::Error;
pub use ring::{EventCursor, Overtaken, Ring, Slot};
pub use sink::{Attachment, Event, EventKind, EventRing};

pub use heapbeacon_shared::trace::{
    Address, Destination, Failure, Frames, Freed, Left, Mode, Record, Stack, State, Summary,
    WrongFree, WrongFreeKind,
};
pub use values::{Order, Split, Status, Sums, Trace, TraceEnded};

/// Memory that a caller lends to the tracer: until it is released, nobody else may touch it.
pub type Buffer = &'static mut [core::mem::MaybeUninit<u64>];

/// A refused [`Tracer::init_standalone`]: the buffer comes back.
#[derive(Debug)]
pub struct Refused {
    /// Why.
    pub error: Error,
    /// The caller's buffer, untouched.
    pub buffer: Buffer,
}

/// A block that was handed out: null is none, but a [`FailedAllocation`].
#[derive(Clone, Copy, Debug)]
pub struct Allocation<'a> {
    /// First byte of the block.
    pub address: NonZeroUsize,
    /// Bytes asked for.
    pub size: usize,
    /// Microseconds since boot.
    pub time_us: u64,
    /// Number of the core.
    pub core: u8,
    /// Id of the task; 0 if unknown.
    pub task: u16,
    /// Who allocated.
    pub stack: &'a CallStack,
}

/// An allocation that failed.
#[derive(Clone, Copy, Debug)]
pub struct FailedAllocation<'a> {
    /// Bytes asked for.
    pub size: usize,
    /// Microseconds since boot.
    pub time_us: u64,
    /// Number of the core.
    pub core: u8,
    /// Id of the task; 0 if unknown.
    pub task: u16,
    /// Who asked.
    pub stack: &'a CallStack,
    /// Whether the [reserve](crate::reserve) was given back for it.
    pub gave_reserve: bool,
    /// What was left of the heap then, where it is known.
    pub left: Option<Left>,
}

/// A block that is about to be given back.
#[derive(Clone, Copy, Debug)]
pub struct Free<'a> {
    /// First byte of the block.
    pub address: usize,
    /// Bytes, where the allocator says; else 0.
    pub size: usize,
    /// Microseconds since boot.
    pub time_us: u64,
    /// Number of the core.
    pub core: u8,
    /// Id of the task; 0 if unknown.
    pub task: u16,
    /// Who frees; empty where that is not known.
    pub stack: &'a CallStack,
}

/// A free without a record, of which it is not known yet who freed and when: [`Tracer::name_free`] takes it.
#[derive(Clone, Copy, Debug)]
pub struct UnnamedFree {
    #[cfg(feature = "tracing")]
    trace: Trace,
    /// Of all unmatched frees of the trace.
    #[cfg(feature = "tracing")]
    number: u64,
}
