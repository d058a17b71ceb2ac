//! JSON bodies.

use serde::de::value::StrDeserializer;
use serde::{Deserialize, Deserializer, Serialize};

use super::Warning;
use crate::trace::{
    self, Address, Births, BuildId, Cut, Destination, Ending, Failure, MAX_FRAMES, Mode, Name,
    Origin, Outlived, Region, Reserve, Verdict, WrongFree,
};

/// A sentence.
pub type Sentence = heapless::String<192>;

/// Who the device is: `GET /device`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// What the user calls it; its hostname where it has one.
    pub name: Name,
    /// What the agent runs on: `host`, `qemu-virt`, `esp32`.
    pub board: Name,
    /// Processor, as its maker names it.
    pub chip: Name,
    /// Revision of the processor, as its maker writes it; null where a board knows none.
    pub chip_revision: Option<heapless::String<8>>,
    /// Name of the traced firmware.
    pub firmware: Name,
    /// Version of the traced firmware.
    pub firmware_version: Name,
    /// GNU build id of the running image; empty if it was linked without one.
    pub build_id: BuildId,
    /// Differs from boot to boot.
    pub boot_id: u32,
    /// Why the device started last.
    pub reset_reason: Name,
    /// Microseconds since boot.
    pub uptime_us: u64,
    /// Where the device is reached.
    pub network: Network,
    /// Version of HeapBeacon on the device.
    pub agent_version: Name,
    /// Bytes of a pointer on the device: 4 or 8.
    pub pointer_bytes: u8,
    /// What this device offers beyond the API's core.
    pub features: heapless::Vec<Feature, 8>,
    /// What makes its traces worse than they could be; empty where all is well.
    #[serde(default)]
    pub warnings: heapless::Vec<Warning, 8>,
}

/// Where the device is reached.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// The interface that the agent listens on.
    pub interface: Name,
    /// Address and port.
    pub address: heapless::String<64>,
    /// Hardware address, null where a board has none of its own.
    pub mac: Option<heapless::String<17>>,
    /// Signal of the access point in dBm, null where there is none.
    pub rssi_dbm: Option<i8>,
}

/// Something that a device may offer or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Tracing is compiled in.
    Tracing,
    /// `GET /elf` answers with the running image.
    Elf,
    /// `GET /demo` lists the switches of a demo workload.
    Demo,
    /// `POST /ota` takes new firmware.
    Update,
}

/// State of every heap region: `GET /heap`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Heap {
    /// Microseconds since boot.
    pub time_us: u64,
    /// One entry per region.
    pub regions: heapless::Vec<Region, 4>,
    /// Allocations that failed since the trace started.
    pub failed_allocations: u64,
    /// Bytes that they asked for.
    pub failed_bytes: u64,
    /// The latest of them, oldest first, and the last one that the reserve was given back for.
    pub recent_failures: heapless::Vec<Failure, 8>,
    /// Blocks that the trace knows as live, at the time of this answer: what the regions have beyond them is not in any
    /// list.
    pub traced_blocks: u64,
    /// Bytes that were asked for with those.
    pub traced_bytes: u64,
    /// What is held back for the moment when the heap is full; null where nothing is.
    #[serde(default)]
    pub reserve: Option<Reserve>,
}

/// Wrong frees that are listed.
pub const RECENT_WRONG_FREES: usize = 4;
/// The latest wrong frees of a trace, oldest first.
pub type RecentWrongFrees = heapless::Vec<WrongFree, RECENT_WRONG_FREES>;

/// State and every counter of the trace, from one instant: `GET /trace`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// State and counters.
    #[serde(flatten)]
    pub summary: trace::Summary,
    /// Rises with every `start`, and with every `init` that gives up what was traced: records of
    /// different ids have nothing to do with each other. 0 before the first `start`.
    pub trace_id: u32,
    /// Whether the buffer was too small for a record since `start`.
    pub has_overflowed: bool,
    /// Frees seen: matched and unmatched.
    pub total_frees: u64,
    /// The latest wrong frees, oldest first.
    pub recent_wrong_frees: RecentWrongFrees,
    /// How the buffer is split.
    pub buffer: Buffer,
    /// What tracing costs.
    pub cost: Cost,
}

/// How the record buffer is split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buffer {
    /// Bytes in all.
    pub bytes: u64,
    /// Bytes of records and their index.
    pub record_bytes: u64,
    /// Bytes of the stack table.
    pub stack_bytes: u64,
    /// Most records that `init` accepts on this device: they leave room for a call stack for every 16, and for 16.
    pub max_records: u32,
}

/// What tracing costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Bytes of RAM that the tracer holds, its buffer included.
    pub ram_bytes: u64,
    /// Mean cost of one event, sampled, in units of `unit`; 0 before the first sample.
    pub mean_per_event: u32,
    /// What `mean_per_event` counts.
    pub unit: CostUnit,
}

/// What a board can count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CostUnit {
    /// Wall-clock time.
    #[default]
    Nanoseconds,
    /// Clock cycles of the processor.
    Cycles,
    /// Instructions that the processor retired.
    Instructions,
}

/// Number of records: `GET /trace/count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// Records in the buffer.
    pub count: u32,
}

/// One traced allocation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Order of allocation: unique and rising. It is the time in microseconds since boot, moved on
    /// by as little as it takes to differ from the allocation before.
    pub seq: u64,
    /// First byte of the block.
    pub address: Address,
    /// Bytes asked for.
    pub size: u64,
    /// Microseconds since boot.
    pub time_us: u64,
    /// Core that allocated.
    pub core: u8,
    /// Task that allocated, where the board knows tasks.
    pub task: Option<Name>,
    /// Who allocated: the id of a [`Stack`].
    pub stack: u32,
    /// Whether the block is freed; always false in leaks mode.
    pub freed: bool,
    /// When it was freed (all mode).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub freed_time_us: Option<u64>,
    /// Who freed it (all mode): the id of a [`Stack`]; absent where no free was seen, but the address was handed out again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub freed_stack: Option<u32>,
}

/// One call stack, stored once however many records have it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// Its id; 0 is shared by all stacks that found no room in the table.
    pub id: u32,
    /// Task that it ran in, where the board knows tasks.
    pub task: Option<Name>,
    /// Whose code it is.
    pub origin: Origin,
    /// Return addresses, innermost first, relative to the image's own addresses.
    pub frames: heapless::Vec<Address, MAX_FRAMES>,
    /// Why the frames end before the task does; null where they are complete.
    pub cut: Option<Cut>,
    /// Blocks that are live and have a record.
    pub live_count: u64,
    /// Bytes of those blocks.
    pub live_bytes: u64,
    /// Most live bytes at one time.
    pub peak_live_bytes: u64,
    /// Allocations since this stack entered the table.
    pub allocations: u64,
    /// Frees of blocks that it allocated.
    pub frees: u64,
    /// Live records of it that were evicted.
    pub evicted: u64,
    /// Longest lifetime of a block that it allocated and that was freed, in microseconds.
    #[serde(default)]
    pub longest_lifetime_us: u64,
}

impl Stack {
    /// Returns the form that JSON has, with the task's name and origin where the board knows them.
    pub fn of(stack: &trace::Stack, task: Option<(&Name, Origin)>) -> Self {
        Self {
            id: stack.id,
            task: task.map(|(name, _)| name.clone()),
            origin: Origin::of(task.map(|(_, origin)| origin), stack.cut),
            frames: stack.frames.iter().map(|frame| Address(*frame)).collect(),
            cut: stack.cut,
            live_count: stack.live_count,
            live_bytes: stack.live_bytes,
            peak_live_bytes: stack.peak_live_bytes,
            allocations: stack.allocations,
            frees: stack.frees,
            evicted: stack.evicted,
            longest_lifetime_us: stack.longest_lifetime_us,
        }
    }
}

/// Live blocks of one call stack: an entry of `GET /trace/leaks`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Leak {
    /// The call stack, with its counters over the whole trace.
    pub stack: Stack,
    /// Live blocks that are at least `min_age_ms` old.
    pub count: u64,
    /// Bytes of those blocks.
    pub bytes: u64,
    /// When the oldest of them was allocated, microseconds since boot.
    pub oldest_us: u64,
    /// When the newest of them was allocated, microseconds since boot.
    pub newest_us: u64,
    /// Those that have lived for longer than twice the longest lifetime of a freed one.
    #[serde(default)]
    pub outlived: Outlived,
    /// When they were allocated.
    #[serde(default)]
    pub births: Births,
    /// What is said of them, from this answer alone.
    #[serde(default)]
    pub verdict: Verdict,
}

impl Leak {
    /// Returns the form that JSON has, with who allocated the blocks, and what is said of them.
    pub fn of(leak: trace::Leak, stack: Stack, verdict: Verdict) -> Self {
        Self {
            stack,
            count: leak.count,
            bytes: leak.bytes,
            oldest_us: leak.oldest_us,
            newest_us: leak.newest_us,
            outlived: leak.outlived,
            births: leak.births,
            verdict,
        }
    }
}

/// What is known of the boots before: `GET /postmortem`, which has more beside it where it is `found`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PostMortem {
    /// `nothing`, `found`, `lost` with the power, or `damaged`.
    pub outcome: Name,
    /// How the boot ended that it is of.
    pub ending: Option<Ending>,
}

/// Answer of `POST /restart`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// Always true: the device restarts within a second.
    pub restarting: bool,
}

/// Answer of `PUT /elf`: the names that the device holds now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldSymbols {
    /// The build that they are of.
    pub build_id: BuildId,
    /// Bytes of the file.
    pub bytes: u64,
    /// Whether that build runs: only then `GET /elf` serves them.
    pub running: bool,
}

/// Body of `POST /trace/init`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InitRequest {
    /// Where records go.
    #[serde(deserialize_with = "by_name")]
    pub destination: Destination,
    /// Records wanted, `max_records` at most; what they leave is for call stacks. If absent, four for each call
    /// stack; 0 releases the buffer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub records: Option<u32>,
}

/// What a viewer says on its event connection, at any time: what it wants to be told of from then on, and first of all the
/// agent's token, where it can't send that otherwise. What is absent stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsRequest {
    /// The agent's token.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub token: Option<heapless::String<128>>,
    /// Whether it wants to be told of events.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub events: Option<bool>,
    /// How often of the counters of the trace, in milliseconds; 0 is never.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counters_ms: Option<u32>,
    /// How often of the state of the heap, as above.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub samples_ms: Option<u32>,
    /// Bytes of the smallest block.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub min_size: Option<u64>,
    /// Names of tasks, with commas, whose blocks are wanted; those of all if it is empty.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub task: Option<heapless::String<132>>,
}

/// Body of `POST /trace/start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartRequest {
    /// What becomes of freed records.
    #[serde(deserialize_with = "by_name")]
    pub mode: Mode,
}

/// Takes an enumeration by its name only: serde would also take `{"leaks":null}`.
pub(super) fn by_name<'de, D, T>(json: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let name = Name::deserialize(json)?;
    T::deserialize(StrDeserializer::new(&name))
}

/// Body of `POST /marks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkRequest {
    /// What the moment is called: see [`Mark::may_be_called`](trace::Mark::may_be_called).
    pub name: Name,
}

/// A switch of the demo workload.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DemoSwitch {
    /// Its name in the URL.
    pub name: Name,
    /// What it does.
    pub summary: Sentence,
    /// Whether it runs.
    pub on: bool,
}

/// Every switch of the demo workload: `GET /demo`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Demo {
    /// In the order in which they should be shown.
    pub switches: heapless::Vec<DemoSwitch, 16>,
}

/// Body of `POST /demo/{name}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoRequest {
    /// Whether the switch is to run.
    pub on: bool,
}

/// An error (RFC 9457): what was wrong, and what to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// What went wrong, in general.
    pub title: heapless::String<48>,
    /// What went wrong this time, and what to do.
    pub detail: Sentence,
    /// ESP-IDF's name for it, such as `ESP_ERR_INVALID_STATE`.
    pub code: Name,
}
