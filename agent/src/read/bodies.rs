//! From the tracer's values to the bodies of the API.

use heapbeacon_shared::api::Feature;
use heapbeacon_shared::api::discovery::{Label, host_label};
use heapbeacon_shared::trace::{
    Cut, MAX_FRAMES, Name, Record, Region, Reserve as ReserveState, Stack, Summary, Window,
};
use heapbeacon_shared::{api, wire};

use crate::platform::{Device, Task};
use crate::read::cursors::now_us;
use crate::read::leaks::Listed;
use crate::read::symbols::File as SymbolFile;
use crate::recorder::Recorder;
use crate::reserve::Reserve;
use crate::text::text;
use crate::tracer::{self, Tracer};
use crate::warnings;

/// Of a hardware address, in hexadecimal digits with colons: the manufacturer's half.
const MANUFACTURER: usize = "00:00:00:".len();

/// Describes state and counters of the trace: the body of `GET /trace`.
pub fn trace<P: Device>(recorder: &Recorder<P>) -> api::Trace {
    let status = P::tracer().status();
    let wrong_frees = P::tracer().wrong_frees(status.trace);
    let summary = Summary {
        time_us: now_us::<P>(),
        ..status.summary
    };
    api::Trace {
        trace_id: status.trace.id(),
        has_overflowed: summary.has_overflowed(),
        total_frees: summary.matched_frees + summary.unmatched_frees,
        summary,
        recent_wrong_frees: wrong_frees.unwrap_or_default(),
        buffer: buffer(recorder, status.split),
        cost: cost::<P>(status.split),
    }
}

/// Describes the device, with what makes its traces worse than they could be.
pub fn device<P: Device>(recorder: &Recorder<P>) -> api::Device {
    let mut device = describe::<P>();
    device.uptime_us = now_us::<P>();
    device.agent_version = text(format_args!(env!("CARGO_PKG_VERSION")));
    device.pointer_bytes = size_of::<usize>() as u8;
    device.features = features::<P>();
    for warning in warnings::list::<P>(recorder, &device) {
        // There is room for all that there are.
        let _ = device.warnings.push(warning);
    }
    device
}

/// Describes the device as its board does, by the name that its settings give it.
pub(crate) fn describe<P: Device>() -> api::Device {
    let mut device = P::describe();
    if let Some(name) = wished_name::<P>() {
        device.name = name;
    }
    device
}

/// Returns the name that its settings give the device.
fn wished_name<P: Device>() -> Option<Name> {
    let name = P::settings().map(|store| store.get(|settings| settings.name.clone()));
    name.filter(|name| !name.is_empty())
}

/// Returns what the device is called in its network, where others may run the same firmware: as its settings have it, or else as its board does, with the
/// last three bytes of its hardware address behind that.
pub fn network_name<P: Device>() -> Label {
    let wished = wished_name::<P>();
    let device = P::describe();
    let mut name = Label::new();
    // A label has room for both.
    let _ = name.push_str(wished.as_ref().unwrap_or(&device.name));
    let mac = device.network.mac.filter(|_| wished.is_none());
    if let Some((_, own)) = mac
        .as_deref()
        .and_then(|mac| mac.split_at_checked(MANUFACTURER))
    {
        let digits = own.chars().filter(|letter| *letter != ':');
        for letter in core::iter::once('-').chain(digits) {
            let _ = name.push(letter);
        }
    }
    match &*name {
        "" => host_label(""),
        _ => name,
    }
}

/// Returns the host name that the device has below `.local`, if it says so by mDNS.
pub fn local_name<P: Device>() -> Option<Label> {
    P::is_on_mdns().then(|| host_label(&network_name::<P>()))
}

/// Lists what the device offers beyond the API's core.
fn features<P: Device>() -> heapless::Vec<Feature, 8> {
    let tracing = cfg!(feature = "tracing").then_some(Feature::Tracing);
    let has_names = P::elf().is_some() || SymbolFile::open::<P>().is_ok();
    let elf = has_names.then_some(Feature::Elf);
    let demo = (!P::switches().is_empty()).then_some(Feature::Demo);
    #[cfg(feature = "update")]
    let update = P::update().map(|_| Feature::Update);
    #[cfg(not(feature = "update"))]
    let update = None;
    [tracing, elf, demo, update].into_iter().flatten().collect()
}

/// Describes the heap for a reader that names the time of an earlier answer, or 0.
pub fn heap<P: Device>(since_us: u64) -> api::Heap {
    let now_us = now_us::<P>();
    let regions = P::regions(Some(Window { since_us, now_us }));
    // One right after the other: what comes between is in one of them only.
    let status = P::tracer().status();
    let summary = status.summary;
    let reserve = reserve::<P>();
    let failures = P::tracer().failures(status.trace);
    api::Heap {
        time_us: now_us,
        regions,
        failed_allocations: summary.failed_allocations,
        failed_bytes: summary.failed_bytes,
        recent_failures: failures.unwrap_or_default(),
        traced_blocks: summary.live_count,
        traced_bytes: summary.live_bytes,
        reserve,
    }
}

/// Describes what of the heap is held back, if there is to be any.
pub fn reserve<P: Device>() -> Option<ReserveState> {
    P::reserve().and_then(Reserve::describe)
}

/// Describes a record.
pub fn record<P: Device>(record: &Record) -> api::Record {
    api::Record {
        seq: record.seq,
        address: record.address,
        size: record.size,
        time_us: record.seq,
        core: record.core,
        task: task::<P>(record.task).map(|task| task.name),
        stack: record.stack,
        freed: record.freed.is_some(),
        freed_time_us: record.freed.map(|freed| freed.time_us),
        freed_stack: record.freed.and_then(|freed| freed.stack),
    }
}

/// Describes a call stack, with name and origin of its task, and why it ends where it does.
pub fn stack<P: Device>(stack: &Stack) -> api::Stack {
    let stack = with_cut::<P>(stack);
    let task = task::<P>(stack.task);
    let task = task.as_ref().map(|task| (&task.name, task.origin));
    api::Stack::of(&stack, task)
}

/// Returns a call stack that says why it ends where it does, which its board knows.
pub fn with_cut<P: Device>(stack: &Stack) -> Stack {
    Stack {
        cut: cut::<P>(&stack.frames),
        ..stack.clone()
    }
}

/// Describes live blocks of one call stack, and what is said of them.
pub fn leak<P: Device>(listed: &Listed) -> api::Leak {
    let Listed {
        leak,
        stack: of,
        verdict,
        is_known,
    } = listed;
    let mut stack = stack::<P>(of);
    if *is_known {
        stack.frames.clear();
    }
    api::Leak::of(leak.clone(), stack, *verdict)
}

/// Returns why a call stack ends early.
pub(crate) fn cut<P: Device>(frames: &[u64]) -> Option<Cut> {
    match frames.last() {
        Some(last) => P::opaque(*last).or((frames.len() == MAX_FRAMES).then_some(Cut::Depth)),
        None => None,
    }
}

fn task<P: Device>(id: u16) -> Option<Task> {
    (id != 0).then(|| P::task(id)).flatten()
}

fn buffer<P: Device>(recorder: &Recorder<P>, split: tracer::Split) -> api::Buffer {
    api::Buffer {
        bytes: split.total_bytes as u64,
        record_bytes: split.record_bytes as u64,
        stack_bytes: split.stack_bytes as u64,
        max_records: recorder.max_records(),
    }
}

fn cost<P: Device>(split: tracer::Split) -> api::Cost {
    let ram_bytes = size_of::<Tracer<P::Lock>>() + split.total_bytes;
    api::Cost {
        ram_bytes: ram_bytes as u64,
        mean_per_event: P::cost().mean(),
        unit: P::COST_UNIT,
    }
}

/// Describes a switch of the demo workload.
pub fn switch(switch: &dyn crate::platform::Switch) -> api::DemoSwitch {
    api::DemoSwitch {
        name: text(format_args!("{}", switch.name())),
        summary: text(format_args!("{}", switch.summary())),
        on: switch.is_on(),
    }
}

/// Returns the first message of a stream.
pub fn header(device: &api::Device, trace_id: u32) -> wire::Header {
    wire::Header {
        build_id: device.build_id.clone(),
        board: device.board.clone(),
        chip: device.chip.clone(),
        device: device.name.clone(),
        firmware: device.firmware.clone(),
        firmware_version: device.firmware_version.clone(),
        pointer_bytes: size_of::<usize>() as u8,
        tick_hz: 1_000_000,
        boot_id: device.boot_id,
        trace_id,
    }
}

/// Returns the message on a heap region.
pub fn region(region: &Region) -> wire::HeapRegion {
    wire::HeapRegion {
        name: region.name.clone(),
        start: region.start,
        size: region.size,
        origin: region.origin,
    }
}

/// Returns the message on how full a region is.
pub fn sample(time: u64, index: u8, region: &Region) -> wire::Sample {
    wire::Sample {
        time,
        region: index,
        used: region.used,
        free: region.free,
        minimum_free: region.minimum_free,
        largest_free_block: region.largest_free_block,
    }
}

/// Returns the message on what is handed out of a region.
pub fn handed(index: u8, region: &Region) -> wire::Handed {
    wire::Handed {
        region: index,
        blocks: region.blocks,
        requested: region.requested,
    }
}
