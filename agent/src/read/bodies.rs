//! From the tracer's values to the bodies of the API.

use heapbeacon_shared::api::{self, Address};
use heapbeacon_shared::{MAX_FRAMES, wire};

use crate::platform::{Platform, Task};
use crate::read::cursors::now_us;
use crate::recorder::Recorder;
use crate::reserve::Reserve;
use crate::text::text;
use crate::tracer::{self, Tracer};
use crate::warnings;

/// Describes state and counters of the trace: the body of `GET /trace`.
pub fn trace<P: Platform>(recorder: &Recorder<P>) -> api::Trace {
    let summary = P::tracer().summary();
    let counters = summary.counters;
    let wrong_frees = P::tracer().wrong_frees(summary.trace);
    api::Trace {
        state: state(summary.state),
        destination: summary.destination.map(destination),
        mode: summary.mode.map(mode),
        trace_id: summary.trace.id(),
        time_us: now_us::<P>(),
        started_us: summary.started_us,
        gaps: summary.gaps,
        doubtful_until_us: summary.doubtful_until_us,
        count: summary.count,
        capacity: summary.capacity,
        high_water_mark: summary.high_water_mark,
        has_overflowed: summary.has_overflowed(),
        total_allocations: counters.allocations,
        total_allocated_bytes: counters.allocated_bytes,
        total_frees: counters.matched_frees + counters.unmatched_frees,
        matched_frees: counters.matched_frees,
        matched_freed_bytes: counters.matched_bytes,
        missed_frees: counters.missed_frees,
        missed_freed_bytes: counters.missed_bytes,
        unmatched_frees: counters.unmatched_frees,
        unmatched_freed_bytes: counters.unmatched_bytes,
        wrong_frees: counters.wrong_frees,
        recent_wrong_frees: wrong_frees.iter().flatten().map(wrong_free).collect(),
        unchecked_frees: counters.unchecked_frees,
        evicted: counters.evicted,
        evicted_live: counters.evicted_live,
        evicted_live_bytes: counters.evicted_live_bytes,
        failed_allocations: counters.failed,
        failed_bytes: counters.failed_bytes,
        live_count: summary.live_count,
        live_bytes: summary.live_bytes,
        stack_count: summary.stack_count,
        stack_capacity: summary.stack_capacity,
        stacks_recycled: counters.stacks_recycled,
        other_allocations: counters.other_allocations,
        sent: counters.sent,
        dropped: counters.dropped,
        buffer: buffer(recorder, summary.split),
        cost: cost::<P>(summary.split),
    }
}

/// Describes the device, with what makes its traces worse than they could be.
pub fn device<P: Platform>(recorder: &Recorder<P>) -> api::Device {
    let mut device = P::device();
    device.uptime_us = P::tracer().now_us(device.uptime_us);
    for warning in warnings::list::<P>(recorder, &device) {
        // There is room for all that there are.
        let _ = device.warnings.push(warning);
    }
    device
}

/// Describes the heap for a reader that names the time of an earlier answer, or 0.
pub fn heap<P: Platform>(since_us: u64) -> api::Heap {
    let now_us = now_us::<P>();
    let regions = P::regions(Some(api::Window { since_us, now_us }));
    // One right after the other: what comes between is in one of them only.
    let summary = P::tracer().summary();
    let reserve = reserve::<P>();
    let given_us = reserve.and_then(|reserve| reserve.given_us);
    let failures = P::tracer().failures(summary.trace);
    let failures = failures.iter().flatten();
    let failures = failures.map(|failed| failure(failed, given_us));
    api::Heap {
        time_us: now_us,
        regions,
        failed_allocations: summary.counters.failed,
        failed_bytes: summary.counters.failed_bytes,
        recent_failures: failures.collect(),
        traced_blocks: summary.live_count,
        traced_bytes: summary.live_bytes,
        reserve,
    }
}

/// Describes what of the heap is held back, if there is to be any.
pub fn reserve<P: Platform>() -> Option<api::Reserve> {
    P::reserve().and_then(Reserve::describe)
}

/// Describes a record.
pub fn record<P: Platform>(record: &tracer::Record) -> api::Record {
    api::Record {
        seq: record.seq,
        address: Address(record.address as u64),
        size: record.size as u64,
        time_us: record.seq,
        core: record.core,
        task: task::<P>(record.task).map(|task| task.name),
        stack: record.stack,
        freed: record.freed.is_some(),
        freed_time_us: record.freed.map(|freed| freed.time_us),
        freed_stack: record.freed.and_then(|freed| freed.stack),
    }
}

/// Describes a call stack, with name and origin of its task.
pub fn stack<P: Platform>(stack: &tracer::Stack) -> api::Stack {
    let task = task::<P>(stack.task);
    let cut = cut::<P>(&stack.frames);
    api::Stack {
        id: stack.id,
        origin: api::Origin::of(task.as_ref().map(|task| task.origin), cut),
        task: task.map(|task| task.name),
        frames: stack.frames.iter().map(|frame| Address(*frame)).collect(),
        cut,
        live_count: stack.live_count.into(),
        live_bytes: stack.live_bytes,
        peak_live_bytes: stack.peak_live_bytes,
        allocations: stack.allocations,
        frees: stack.frees,
        evicted: stack.evicted,
    }
}

/// Describes live blocks of one call stack.
pub fn leak<P: Platform>(leak: &tracer::Leak, of: &tracer::Stack) -> api::Leak {
    api::Leak {
        stack: stack::<P>(of),
        count: leak.count.into(),
        bytes: leak.bytes,
        oldest_us: leak.oldest_us,
        newest_us: leak.newest_us,
    }
}

/// Names a state.
pub fn state(state: tracer::State) -> api::State {
    match state {
        tracer::State::Uninitialised => api::State::Uninitialised,
        tracer::State::Stopped => api::State::Stopped,
        tracer::State::Recording => api::State::Recording,
        tracer::State::Paused => api::State::Paused,
    }
}

/// Names a mode.
pub fn mode(mode: tracer::Mode) -> api::Mode {
    match mode {
        tracer::Mode::All => api::Mode::All,
        tracer::Mode::Leaks => api::Mode::Leaks,
    }
}

/// Names a destination.
pub fn destination(destination: tracer::Destination) -> api::Destination {
    match destination {
        tracer::Destination::Standalone => api::Destination::Standalone,
        tracer::Destination::ToHost => api::Destination::ToHost,
    }
}

/// Tells why a call stack ends early.
fn cut<P: Platform>(frames: &[u64]) -> Option<api::Cut> {
    match frames.last() {
        Some(last) => P::opaque(*last).or((frames.len() == MAX_FRAMES).then_some(api::Cut::Depth)),
        None => None,
    }
}

fn task<P: Platform>(id: u16) -> Option<Task> {
    (id != 0).then(|| P::task(id)).flatten()
}

fn buffer<P: Platform>(recorder: &Recorder<P>, split: tracer::Split) -> api::Buffer {
    api::Buffer {
        bytes: split.total_bytes as u64,
        record_bytes: split.record_bytes as u64,
        stack_bytes: split.stack_bytes as u64,
        max_records: recorder.max_records(),
    }
}

fn cost<P: Platform>(split: tracer::Split) -> api::Cost {
    let ram_bytes = size_of::<Tracer<P::Lock>>() + split.total_bytes;
    api::Cost {
        ram_bytes: ram_bytes as u64,
        mean_per_event: P::cost().mean(),
        unit: P::COST_UNIT,
    }
}

fn failure(failure: &tracer::Failure, given_us: Option<u64>) -> api::Failure {
    api::Failure {
        time_us: failure.time_us,
        size: failure.size as u64,
        stack: failure.stack,
        gave_reserve: given_us == Some(failure.time_us),
    }
}

fn wrong_free(wrong: &tracer::WrongFree) -> api::WrongFree {
    api::WrongFree {
        time_us: wrong.time_us,
        kind: wrong_free_kind(wrong.kind),
        address: Address(wrong.address as u64),
        block: Address(wrong.block as u64),
        owner: wrong.owner,
        freed_by: wrong.freed_by,
        first_freed_by: wrong.first_freed_by,
    }
}

fn wrong_free_kind(kind: tracer::WrongFreeKind) -> api::WrongFreeKind {
    match kind {
        tracer::WrongFreeKind::Inside => api::WrongFreeKind::Inside,
        tracer::WrongFreeKind::Double => api::WrongFreeKind::Double,
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
        build_id: bytes_of_hex(&device.build_id),
        board: device.board.clone(),
        chip: device.chip.clone(),
        device: device.name.clone(),
        firmware: device.firmware.clone(),
        firmware_version: device.firmware_version.clone(),
        pointer_bytes: device.pointer_bytes,
        tick_hz: 1_000_000,
        boot_id: device.boot_id,
        trace_id,
    }
}

/// Returns the message on a heap region.
pub fn region(region: &api::Region) -> wire::Region {
    wire::Region {
        name: region.name.clone(),
        start: region.start.0,
        size: region.size,
        origin: region.origin,
    }
}

/// Returns the message on how full a region is.
pub fn sample(time: u64, index: u8, region: &api::Region) -> wire::Sample {
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
pub fn handed(index: u8, region: &api::Region) -> wire::Handed {
    wire::Handed {
        region: index,
        blocks: region.blocks,
        requested: region.requested,
    }
}

/// Returns the message on the reserve.
pub fn wire_reserve(reserve: &api::Reserve) -> wire::Reserve {
    wire::Reserve {
        size: reserve.size,
        held: reserve.held,
        given: reserve.given,
        given_time: reserve.given_us,
    }
}

/// Returns the message on state and counters.
pub fn counters(time: u64, summary: &tracer::Summary) -> wire::Counters {
    let counters = &summary.counters;
    wire::Counters {
        time,
        started: summary.started_us,
        state: state(summary.state),
        destination: summary.destination.map(destination),
        mode: summary.mode.map(mode),
        count: summary.count,
        capacity: summary.capacity,
        high_water_mark: summary.high_water_mark,
        total_allocations: counters.allocations,
        total_allocated_bytes: counters.allocated_bytes,
        matched_frees: counters.matched_frees,
        matched_freed_bytes: counters.matched_bytes,
        unmatched_frees: counters.unmatched_frees,
        unmatched_freed_bytes: counters.unmatched_bytes,
        wrong_frees: counters.wrong_frees,
        unchecked_frees: counters.unchecked_frees,
        evicted: counters.evicted,
        evicted_live: counters.evicted_live,
        evicted_live_bytes: counters.evicted_live_bytes,
        failed_allocations: counters.failed,
        failed_bytes: counters.failed_bytes,
        live_count: summary.live_count,
        live_bytes: summary.live_bytes,
        stack_count: summary.stack_count,
        stack_capacity: summary.stack_capacity,
        stacks_recycled: counters.stacks_recycled,
        other_allocations: counters.other_allocations,
        sent: counters.sent,
        dropped: counters.dropped,
        gaps: summary.gaps,
        doubtful_until: summary.doubtful_until_us,
    }
}

/// Returns the message on a call stack.
pub fn wire_stack<P: Platform>(stack: &tracer::Stack) -> wire::Stack {
    wire::Stack {
        id: stack.id,
        task: stack.task,
        frames: stack.frames.clone(),
        live_count: stack.live_count.into(),
        live_bytes: stack.live_bytes,
        peak_live_bytes: stack.peak_live_bytes,
        allocations: stack.allocations,
        frees: stack.frees,
        evicted: stack.evicted,
        cut: cut::<P>(&stack.frames),
    }
}

/// Returns the message on a record.
pub fn wire_record(record: &tracer::Record) -> wire::Record {
    wire::Record {
        seq: record.seq,
        address: record.address as u64,
        size: record.size as u64,
        core: record.core,
        stack: record.stack,
    }
}

/// Returns the message on the free of a record.
pub fn wire_freed(record: &tracer::Record, freed: tracer::Freed) -> wire::Freed {
    wire::Freed {
        seq: record.seq,
        address: record.address as u64,
        time: freed.time_us,
        stack: freed.stack,
    }
}

/// Returns the message on a failed allocation.
pub fn wire_failure(failure: &tracer::Failure) -> wire::FailedAllocation {
    wire::FailedAllocation {
        time: failure.time_us,
        size: failure.size as u64,
        stack: failure.stack,
    }
}

/// Returns the message on a wrong free.
pub fn wire_wrong_free(wrong: &tracer::WrongFree) -> wire::WrongFree {
    wire::WrongFree {
        time: wrong.time_us,
        kind: wrong_free_kind(wrong.kind),
        address: wrong.address as u64,
        block: wrong.block as u64,
        owner: wrong.owner,
        freed_by: wrong.freed_by,
        first_freed_by: wrong.first_freed_by,
    }
}

fn bytes_of_hex(text: &str) -> wire::BuildId {
    text.as_bytes()
        .chunks_exact(2)
        .map_while(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok())
        .take(32)
        .collect()
}
