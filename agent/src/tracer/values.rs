//! What readers get beside the [vocabulary](heapbeacon_shared::trace): plain values, copied out under the lock.

use heapbeacon_shared::trace::{Outlived, Summary};

/// A trace, as whoever reads it knows it: what was recorded since a start, in one buffer.
///
/// Another start ends it, and so does an init or a release, also of a trace in which nothing was recorded yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    pub(super) id: u32,
    /// Times that the tables were emptied or changed.
    pub(super) tables: u32,
}

impl Trace {
    /// The one before the first start.
    pub const NONE: Self = Self { id: 0, tables: 0 };

    /// Returns its number, which rises with every start, and with every init or release that gives up what was
    /// traced; 0 before the first start.
    pub fn id(self) -> u32 {
        self.id
    }
}

/// The trace that was to be read is over: the tables hold another one, or are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceEnded;

/// What a leak query has summed up of one call stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Id of the call stack.
    pub stack: u32,
    /// Live blocks.
    pub count: u32,
    /// Their bytes.
    pub bytes: u64,
    /// When the oldest was allocated.
    pub oldest_us: u64,
    /// When the newest was allocated.
    pub newest_us: u64,
    /// Those that have outlived what their call stack frees.
    pub outlived: Outlived,
}

/// What a list of leaks is sorted by, largest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Live bytes.
    #[default]
    Bytes,
    /// Live blocks.
    Count,
    /// Bytes of blocks that have outlived what their call stack frees.
    Outlived,
}

impl Order {
    /// Returns what sums are sorted by.
    #[cfg(feature = "tracing")]
    pub(super) fn key(self, sums: &Sums) -> u64 {
        match self {
            Self::Bytes => sums.bytes,
            Self::Count => sums.count.into(),
            Self::Outlived => sums.outlived.bytes,
        }
    }
}

/// The trace that is there to be read, and its summary from the same instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Which trace it is.
    pub trace: Trace,
    /// How the buffer is split.
    pub split: Split,
    /// State and everything that is counted; its time is that of the last event.
    pub summary: Summary,
}

/// How a buffer is split, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// In all.
    pub total_bytes: usize,
    /// Records and their index.
    pub record_bytes: usize,
    /// The stack table.
    pub stack_bytes: usize,
}
