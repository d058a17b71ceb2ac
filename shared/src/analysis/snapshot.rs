//! What every call stack holds at one moment.

use alloc::vec::Vec;

use super::arithmetic::held_for_certain;
use super::series::Timed;
use crate::trace::Summary;

/// Live blocks of one call stack at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Id of the call stack.
    pub stack: u32,
    /// Live bytes.
    pub bytes: u64,
    /// Live blocks.
    pub count: u64,
    /// Blocks whose records were evicted: they may be freed or not.
    pub evicted: u64,
}

/// Live blocks of every call stack at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Microseconds since boot.
    pub time_us: u64,
    /// Microseconds before it that were watched and not recorded.
    pub unrecorded_us: u64,
    /// One entry per call stack that was listed.
    pub held: Vec<Held>,
    /// Whether call stacks that were not listed held nothing.
    pub is_complete: bool,
    /// Blocks of the whole trace that are [`held_for_certain`].
    pub certain: i64,
    /// Mean size of a block whose record was evicted, in bytes.
    pub evicted_size: u64,
}

impl Timed for Snapshot {
    fn time_us(&self) -> u64 {
        self.time_us
    }
}

impl Snapshot {
    /// Creates the snapshot of a list at `time_us`, in microseconds since boot, with the totals of its trace.
    pub fn new(time_us: u64, held: Vec<Held>, is_complete: bool, summary: &Summary) -> Self {
        let evicted_size = summary.evicted_live_bytes.checked_div(summary.evicted_live);
        Self {
            time_us,
            unrecorded_us: 0,
            held,
            is_complete,
            certain: held_for_certain(summary),
            evicted_size: evicted_size.unwrap_or(0),
        }
    }

    /// Returns its time in microseconds, on a clock that stands still while nothing is recorded.
    pub fn recorded_us(&self) -> u64 {
        self.time_us.saturating_sub(self.unrecorded_us)
    }
}
