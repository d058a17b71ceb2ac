//! What readers get: plain values, copied out under the lock.

pub use heapbeacon_shared::wire::Frames;

/// What the trace is doing; what records something comes last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
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
    /// Returns its number, which rises with every start, and with every init or release that gives up what was
    /// traced; 0 before the first start.
    pub fn id(self) -> u32 {
        self.id
    }
}

/// The trace that was to be read is over: the tables hold another one, or are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceEnded;

/// What becomes of a record when its block is freed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// The record stays, and says who freed it and when.
    #[default]
    All,
    /// The record goes.
    Leaks,
}

/// Where records go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// Into the caller's buffer.
    Standalone,
    /// To a host, event by event.
    ToHost,
}

/// One traced allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Order and time of the allocation: microseconds since boot, unique and rising.
    pub seq: u64,
    /// First byte of the block.
    pub address: usize,
    /// Bytes asked for.
    pub size: usize,
    /// Core that allocated.
    pub core: u8,
    /// Task that allocated; 0 if unknown.
    pub task: u16,
    /// Id of the call stack that allocated.
    pub stack: u32,
    /// Who freed the block and when (all mode).
    pub freed: Option<Freed>,
}

/// The free of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// Microseconds since boot; up to 66 ms too early if the block lived for more than 35 minutes.
    pub time_us: u64,
    /// Id of the call stack that freed; `None` where no free was seen, but the address was handed out again.
    pub stack: Option<u32>,
}

/// One call stack with its counters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stack {
    /// Its id; 0 is shared by all stacks that found no room.
    pub id: u32,
    /// Task that it ran in; 0 if unknown.
    pub task: u16,
    /// Return addresses, innermost first.
    pub frames: Frames,
    /// Live blocks with a record.
    pub live_count: u32,
    /// Bytes of those blocks.
    pub live_bytes: u64,
    /// Most live bytes at one time.
    pub peak_live_bytes: u64,
    /// Allocations since the stack entered the table.
    pub allocations: u64,
    /// Frees of those, missed ones included.
    pub frees: u64,
    /// Live records that were evicted.
    pub evicted: u64,
}

/// Live blocks of one call stack that have reached some age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leak {
    /// Id of the call stack.
    pub stack: u32,
    /// Number of blocks.
    pub count: u32,
    /// Their bytes.
    pub bytes: u64,
    /// When the oldest was allocated.
    pub oldest_us: u64,
    /// When the newest was allocated.
    pub newest_us: u64,
}

/// One allocation that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// Microseconds since boot.
    pub time_us: u64,
    /// Bytes asked for.
    pub size: usize,
    /// Id of the call stack that asked.
    pub stack: u32,
}

/// What is wrong about a [`WrongFree`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WrongFreeKind {
    /// The pointer lies inside a live block.
    #[default]
    Inside,
    /// The block was freed before.
    Double,
}

/// A free of a pointer that no block begins at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WrongFree {
    /// Microseconds since boot.
    pub time_us: u64,
    /// What is wrong about it.
    pub kind: WrongFreeKind,
    /// The pointer that was freed.
    pub address: usize,
    /// The block that it lies in, or that had been freed before.
    pub block: usize,
    /// Id of the call stack that allocated the block, where it is still known.
    pub owner: Option<u32>,
    /// Id of the call stack that freed the pointer, where it was walked.
    pub freed_by: Option<u32>,
    /// Id of the call stack that had freed the block before, where it is still known.
    pub first_freed_by: Option<u32>,
}

/// Everything that is counted since `start`, exact even when records were evicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Allocations seen.
    pub allocations: u64,
    /// Frees of a block that had a record.
    pub matched_frees: u64,
    /// Bytes of the allocations.
    pub allocated_bytes: u64,
    /// Bytes of the matched frees.
    pub matched_bytes: u64,
    /// Blocks that ended without a free that was seen: their address was handed out again.
    pub missed_frees: u64,
    /// Bytes of those blocks.
    pub missed_bytes: u64,
    /// Frees without a record.
    pub unmatched_frees: u64,
    /// Bytes of those blocks, where the allocator said how many.
    pub unmatched_bytes: u64,
    /// Unmatched frees of a pointer inside a traced block, or of a block that was freed before.
    pub wrong_frees: u64,
    /// Unmatched frees that came too fast to be checked.
    pub unchecked_frees: u64,
    /// Records evicted, live or not.
    pub evicted: u64,
    /// Live ones among them.
    pub evicted_live: u64,
    /// Bytes of the live ones.
    pub evicted_live_bytes: u64,
    /// Allocations that failed.
    pub failed: u64,
    /// Bytes that they asked for.
    pub failed_bytes: u64,
    /// Allocations whose call stack found no room in the table.
    pub other_allocations: u64,
    /// Call stacks given up for new ones.
    pub stacks_recycled: u64,
    /// Events that the host took.
    pub sent: u64,
    /// Events that never reached the host.
    pub dropped: u64,
}

/// State and counters from one instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// What the trace is doing.
    pub state: State,
    /// Where records go.
    pub destination: Option<Destination>,
    /// Mode of the last start.
    pub mode: Option<Mode>,
    /// Which trace it is.
    pub trace: Trace,
    /// When the trace was started, microseconds since boot.
    pub started_us: u64,
    /// Times that recording went on after a stop or a pause: blocks allocated meanwhile have no record.
    pub gaps: u32,
    /// Blocks allocated until then, in microseconds since boot, may have been freed unseen while the trace was stopped,
    /// and still count as live; 0 if recording never went on after a stop.
    pub doubtful_until_us: u64,
    /// Records in the buffer.
    pub count: u32,
    /// Records that the buffer holds.
    pub capacity: u32,
    /// Most records since `start`.
    pub high_water_mark: u32,
    /// Live blocks with a record.
    pub live_count: u64,
    /// Bytes of those blocks.
    pub live_bytes: u64,
    /// Call stacks in the table.
    pub stack_count: u32,
    /// Call stacks that the table holds.
    pub stack_capacity: u32,
    /// How the buffer is split.
    pub split: Split,
    /// Everything that is counted.
    pub counters: Counters,
}

impl Summary {
    /// Returns whether the buffer was too small. Without one, no record finds room, and none is missed.
    pub fn has_overflowed(&self) -> bool {
        self.capacity > 0 && self.counters.evicted > 0
    }
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
