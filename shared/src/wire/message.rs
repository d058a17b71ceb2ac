//! Messages.

use serde::{Deserialize, Serialize};

use super::{Events, References};
use crate::trace::{
    Address, BuildId, Ending, Failure, Leak, Left, LogLine, Mark, MissedFrees, Name, Origin,
    Period, Point, Record, Reserve, Root, Scan, Stack, Summary, Task, WrongFree,
};

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
    Region(HeapRegion),
    /// A call stack, before the first message that refers to it.
    Stack(Stack),
    /// A traced allocation.
    Record(Record),
    /// The free of an allocation.
    Freed(Free),
    /// State and counters of the trace.
    Counters(Summary),
    /// State of the heap at one moment.
    Sample(Sample),
    /// An allocation that failed.
    FailedAllocation(Failure),
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
    /// The time that the trace is of, and when nothing was recorded.
    Period(Period),
    /// Live blocks of one call stack, and when they were allocated.
    Births(Leak),
    /// How long a list is, behind what it names.
    Listed(Listed),
    /// Memory outside of the heap in which references begin.
    Root(Root),
    /// Words in roots and in the heap that hold addresses inside the heap.
    References(References),
    /// What the scan that found them came to; behind the last of them.
    Scan(Scan),
    /// What happened to blocks.
    Events(Events),
    /// All live blocks follow, in [`Live`](Self::Live): those that are not named up to [`SnapshotEnd`](Self::SnapshotEnd), by
    /// an event or as live, are gone.
    Snapshot(Snapshot),
    /// Live blocks, oldest first, told as their allocations.
    Live(Events),
    /// All live blocks were named.
    SnapshotEnd(SnapshotEnd),
    /// How the boot ended that the stream is of.
    Ending(Ending),
    /// One of the last lines that the firmware has logged, oldest first.
    Log(LogLine),
    /// What was left of the heap as the allocation failed of which the message before it tells.
    Left(Left),
    /// A span of time in the history of the heap, oldest first.
    History(Point),
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
pub struct HeapRegion {
    /// What the board calls it.
    pub name: Name,
    /// First address.
    pub start: Address,
    /// Bytes.
    pub size: u64,
    /// Whose allocations it serves.
    pub origin: Origin,
}

/// The free of an allocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Free {
    /// The record that was freed; 0 if there was none.
    pub seq: u64,
    /// First byte of the block.
    pub address: Address,
    /// When.
    pub time: u64,
    /// Id of the [`Stack`](crate::trace::Stack) that freed, where it is known.
    pub stack: Option<u32>,
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

/// What a list of leaks says behind its entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Call stacks with such blocks; the list may name fewer.
    pub call_stacks: u32,
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

/// What is said before all live blocks are named.
///
/// Events go on meanwhile: a block that is freed may be named by its free only, and one that is allocated by its allocation only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The last sequence number of the blocks that are named as live.
    pub until: u64,
}

/// What is said behind all live blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotEnd {
    /// Blocks that were named as live.
    pub blocks: u32,
}
