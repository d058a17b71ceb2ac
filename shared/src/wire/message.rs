//! Messages.

use serde::{Deserialize, Serialize};

use crate::api::{self, Address, Cut, Destination, Mode, Origin, State, WrongFreeKind};
use crate::{MAX_FRAMES, Name};

/// Bytes of a build id.
pub type BuildId = heapless::Vec<u8, 32>;
/// Return addresses, innermost first, relative to the image's own addresses.
pub type Frames = heapless::Vec<u64, MAX_FRAMES>;

/// One message. The order of the variants is the format: append, never reorder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(
    clippy::large_enum_variant,
    reason = "there is no heap to put the large ones on"
)]
pub enum Message {
    /// Who is speaking; the first message of a stream.
    Header(Header),
    /// One heap area.
    Region(Region),
    /// A call stack, before the first message that refers to it.
    Stack(Stack),
    /// A traced allocation.
    Record(Record),
    /// The free of an allocation.
    Freed(Freed),
    /// Counters of the trace.
    Counters(Counters),
    /// State of the heap at one moment.
    Sample(Sample),
    /// An allocation that failed.
    FailedAllocation(FailedAllocation),
    /// A named point in time.
    Mark(Mark),
    /// Events that never reached the host.
    Dropped(Dropped),
    /// The stream is complete.
    End(End),
    /// A task, before the first message that refers to it.
    Task(Task),
    /// Where the next page begins; behind everything else of a page.
    Page(Page),
    /// Blocks that ended without a free that was seen.
    MissedFrees(MissedFrees),
    /// A free of a pointer that no block begins at.
    WrongFree(WrongFree),
    /// What is handed out of a heap area at one moment, whether it is traced or not.
    Handed(Handed),
    /// What of the heap is held back.
    Reserve(Reserve),
}

/// Who is speaking.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// GNU build id of the image; empty if it has none.
    pub build_id: BuildId,
    /// What the agent runs on.
    pub board: Name,
    /// Processor.
    pub chip: Name,
    /// Name of the device.
    pub device: Name,
    /// Name of the firmware.
    pub firmware: Name,
    /// Version of the firmware.
    pub firmware_version: Name,
    /// Bytes of a pointer: 4 or 8.
    pub pointer_bytes: u8,
    /// Ticks of every time in this stream, per second.
    pub tick_hz: u32,
    /// Differs from boot to boot.
    pub boot_id: u32,
    /// Rises with every start of a trace.
    pub trace_id: u32,
}

/// One heap area.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// What the board calls it.
    pub name: Name,
    /// First address.
    pub start: u64,
    /// Bytes.
    pub size: u64,
    /// Whose allocations it serves.
    pub origin: Origin,
}

/// A call stack with its counters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// Its id; 0 is shared by all stacks that found no room.
    pub id: u32,
    /// Id of the task that it ran in.
    pub task: u16,
    /// Return addresses.
    pub frames: Frames,
    /// Live blocks with a record.
    pub live_count: u64,
    /// Bytes of those blocks.
    pub live_bytes: u64,
    /// Most live bytes at one time.
    pub peak_live_bytes: u64,
    /// Allocations.
    pub allocations: u64,
    /// Frees of those.
    pub frees: u64,
    /// Live records that were evicted.
    pub evicted: u64,
    /// Why the frames end early.
    pub cut: Option<Cut>,
}

impl Stack {
    /// Returns the call stack in the form that JSON has, with name and origin of its task where that is known.
    pub fn to_body(&self, task: Option<(&Name, Origin)>) -> api::Stack {
        api::Stack {
            id: self.id,
            task: task.map(|(name, _)| name.clone()),
            origin: Origin::of(task.map(|(_, origin)| origin), self.cut),
            frames: self.frames.iter().map(|frame| Address(*frame)).collect(),
            cut: self.cut,
            live_count: self.live_count,
            live_bytes: self.live_bytes,
            peak_live_bytes: self.peak_live_bytes,
            allocations: self.allocations,
            frees: self.frees,
            evicted: self.evicted,
        }
    }
}

/// A traced allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Order and time of the allocation: unique and rising, in ticks since boot.
    pub seq: u64,
    /// First byte of the block.
    pub address: u64,
    /// Bytes asked for.
    pub size: u64,
    /// Core that allocated.
    pub core: u8,
    /// Id of the [`Stack`] that allocated.
    pub stack: u32,
}

/// The free of an allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freed {
    /// The record that was freed; 0 if there was none.
    pub seq: u64,
    /// First byte of the block.
    pub address: u64,
    /// When.
    pub time: u64,
    /// Id of the [`Stack`] that freed, where it is known.
    pub stack: Option<u32>,
}

/// Counters of the trace, as [`api::Trace`](crate::api::Trace) explains them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "each field is explained by its namesake in api::Trace"
)]
pub struct Counters {
    pub time: u64,
    pub started: u64,
    pub state: State,
    pub destination: Option<Destination>,
    pub mode: Option<Mode>,
    pub count: u32,
    pub capacity: u32,
    pub high_water_mark: u32,
    pub total_allocations: u64,
    pub total_allocated_bytes: u64,
    pub matched_frees: u64,
    pub matched_freed_bytes: u64,
    pub unmatched_frees: u64,
    pub unmatched_freed_bytes: u64,
    pub wrong_frees: u64,
    pub unchecked_frees: u64,
    pub evicted: u64,
    pub evicted_live: u64,
    pub evicted_live_bytes: u64,
    pub failed_allocations: u64,
    pub failed_bytes: u64,
    pub live_count: u64,
    pub live_bytes: u64,
    pub stack_count: u32,
    pub stack_capacity: u32,
    pub stacks_recycled: u64,
    pub other_allocations: u64,
    pub sent: u64,
    pub dropped: u64,
    pub gaps: u32,
    pub doubtful_until: u64,
}

/// State of one heap region at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub time: u64,
    /// Index of the region, in the order of the stream.
    pub region: u8,
    /// Bytes handed out.
    pub used: u64,
    /// Bytes left.
    pub free: u64,
    /// Fewest bytes left since boot.
    pub minimum_free: u64,
    /// Largest request that would succeed.
    pub largest_free_block: u64,
}

/// What is handed out of one heap region at the moment of its [`Sample`], whether it is traced or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handed {
    /// Index of the region, in the order of the stream.
    pub region: u8,
    /// Blocks.
    pub blocks: u64,
    /// Bytes that were asked for with them.
    pub requested: u64,
}

/// What of the heap is held back, as [`api::Reserve`] explains it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "each field is explained by its namesake in api::Reserve"
)]
pub struct Reserve {
    pub size: u64,
    pub held: bool,
    pub given: u32,
    pub given_time: Option<u64>,
}

/// An allocation that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedAllocation {
    /// When.
    pub time: u64,
    /// Bytes asked for.
    pub size: u64,
    /// Id of the [`Stack`] that asked.
    pub stack: u32,
}

/// A named point in time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub time: u64,
    /// What the user called it.
    pub name: Name,
}

/// Events that never reached the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// How many.
    pub events: u64,
}

/// The stream is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Messages before this one, so that a reader can tell whether it saw all.
    pub messages: u32,
}

/// What a page of a list, which is a stream of its own, says of the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// What the next page comes `after`; `None` if this is the last one.
    pub next: Option<u64>,
}

/// A task of the firmware.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id, as stacks refer to it.
    pub id: u16,
    /// What the firmware calls it.
    pub name: Name,
    /// Whose code it runs.
    pub origin: Origin,
}

/// Blocks that ended without a free that was seen, because their address was handed out again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedFrees {
    /// How many.
    pub frees: u64,
    /// Bytes of those blocks.
    pub bytes: u64,
}

/// A free of a pointer that no block begins at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongFree {
    /// When.
    pub time: u64,
    /// What is wrong about it.
    pub kind: WrongFreeKind,
    /// The pointer that was freed.
    pub address: u64,
    /// The block that it lies in, or that had been freed before.
    pub block: u64,
    /// Id of the [`Stack`] that allocated the block, where that is still known.
    pub owner: Option<u32>,
    /// Id of the [`Stack`] that freed the pointer, where that is known.
    pub freed_by: Option<u32>,
    /// Id of the [`Stack`] that had freed the block before, where that is still known.
    pub first_freed_by: Option<u32>,
}
