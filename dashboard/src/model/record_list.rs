//! The records of a trace.

use heapbeacon_shared::api::{Record, Stack};

/// The records as they were when somebody asked for them.
#[derive(Clone, Debug, Default)]
pub struct RecordList {
    /// The trace that they are of.
    pub trace_id: u32,
    /// Oldest first.
    pub records: Vec<Record>,
    /// The call stacks that they refer to.
    pub stacks: Vec<Stack>,
    /// When they were read, in microseconds since boot.
    pub read_us: u64,
}
