use serde::{Deserialize, Serialize};

/// What a trace is doing; what records something comes last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum State {
    /// No destination was chosen yet.
    #[default]
    Uninitialised,
    /// Nothing is recorded; what was recorded can be read.
    Stopped,
    /// Allocations and frees are recorded.
    Recording,
    /// Frees are recorded, new allocations are not.
    Paused,
}

/// Where records go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Destination {
    /// Into the device's own record buffer.
    Standalone,
    /// To a connected host, event by event.
    ToHost,
}

/// What becomes of a record when its block is freed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Mode {
    /// The record stays, and says who freed it and when.
    #[default]
    All,
    /// The record goes: what is left is what leaks.
    Leaks,
}

/// State and every counter of a trace, from one instant.
///
/// `total_allocations` − `matched_frees` − `missed_frees` − `evicted_live` = `live_count`, and the same for the bytes, whenever there is a record buffer. Without one nothing is known to be live. All of it is exact even when records
/// were evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Microseconds since boot, when these numbers were read.
    pub time_us: u64,
    /// Microseconds since boot, when the trace was started.
    pub started_us: u64,
    /// What the trace is doing.
    pub state: State,
    /// Where records go; `None` before the first init.
    pub destination: Option<Destination>,
    /// What becomes of freed records; `None` before the first start.
    pub mode: Option<Mode>,
    /// Records in the buffer.
    pub count: u32,
    /// Records that the buffer holds.
    pub capacity: u32,
    /// Most records that the buffer held since the start.
    pub high_water_mark: u32,
    /// Allocations seen.
    pub total_allocations: u64,
    /// Bytes of all allocations seen.
    pub total_allocated_bytes: u64,
    /// Frees of a block that had a record.
    pub matched_frees: u64,
    /// Bytes of those blocks.
    pub matched_freed_bytes: u64,
    /// Blocks that ended without a free that was seen: their address was handed out again, because the heap was reset, a
    /// free passed by the tracer, or the trace was stopped meanwhile. On the wire these are a
    /// [message of their own](super::MissedFrees).
    #[serde(with = "super::json_only")]
    pub missed_frees: u64,
    /// Bytes of those blocks.
    #[serde(with = "super::json_only")]
    pub missed_freed_bytes: u64,
    /// Frees without a record: allocated before the start, or during a stop or a pause, or evicted.
    pub unmatched_frees: u64,
    /// Bytes of those blocks, where the allocator said how many.
    pub unmatched_freed_bytes: u64,
    /// Unmatched frees of a pointer inside a traced block, or of a block that was freed before: a bug in the firmware.
    pub wrong_frees: u64,
    /// Unmatched frees that came too fast to be checked for being wrong.
    pub unchecked_frees: u64,
    /// Records given up for room, live or not; without a buffer, every one.
    pub evicted: u64,
    /// Live ones among them.
    pub evicted_live: u64,
    /// Bytes of the live ones.
    pub evicted_live_bytes: u64,
    /// Allocations that failed.
    pub failed_allocations: u64,
    /// Bytes that they asked for.
    pub failed_bytes: u64,
    /// Blocks with a record that are not freed.
    pub live_count: u64,
    /// Bytes of those blocks.
    pub live_bytes: u64,
    /// Distinct call stacks in the table.
    pub stack_count: u32,
    /// Call stacks that the table holds.
    pub stack_capacity: u32,
    /// Call stacks without a record that were given up for new ones.
    pub stacks_recycled: u64,
    /// Allocations whose call stack found no room in the table; they share stack 0.
    pub other_allocations: u64,
    /// Events handed to a host.
    pub sent: u64,
    /// Events that never reached the host.
    pub dropped: u64,
    /// Times that recording went on after a stop or a pause: blocks allocated meanwhile have no record.
    pub gaps: u32,
    /// Blocks allocated until then, in microseconds since boot, may have been freed unseen while the trace was stopped,
    /// and still count as live; 0 if recording never went on after a stop.
    pub doubtful_until_us: u64,
}

impl Summary {
    /// The summary of a trace that was never started: a constant, for tracers are statics.
    pub const EMPTY: Self = Self {
        time_us: 0,
        started_us: 0,
        state: State::Uninitialised,
        destination: None,
        mode: None,
        count: 0,
        capacity: 0,
        high_water_mark: 0,
        total_allocations: 0,
        total_allocated_bytes: 0,
        matched_frees: 0,
        matched_freed_bytes: 0,
        missed_frees: 0,
        missed_freed_bytes: 0,
        unmatched_frees: 0,
        unmatched_freed_bytes: 0,
        wrong_frees: 0,
        unchecked_frees: 0,
        evicted: 0,
        evicted_live: 0,
        evicted_live_bytes: 0,
        failed_allocations: 0,
        failed_bytes: 0,
        live_count: 0,
        live_bytes: 0,
        stack_count: 0,
        stack_capacity: 0,
        stacks_recycled: 0,
        other_allocations: 0,
        sent: 0,
        dropped: 0,
        gaps: 0,
        doubtful_until_us: 0,
    };

    /// Returns whether the buffer was too small. Without one, no record finds room, and none is missed.
    pub fn has_overflowed(&self) -> bool {
        self.capacity > 0 && self.evicted > 0
    }
}

impl Default for Summary {
    fn default() -> Self {
        Self::EMPTY
    }
}
