//! Messages of a capture, and the stream that they make.

use heapbeacon_shared::trace::BuildId;
use heapbeacon_shared::trace::{self, Frames, Mode, Name, Origin, Stack, State, Summary, Task};
use heapbeacon_shared::wire::{Free, Header, HeapRegion, Message, Sample};

#[path = "../stream/mod.rs"]
mod stream;

pub(crate) use stream::stream;

pub(crate) const SECOND: u64 = 1_000_000;

pub(crate) fn name(text: &str) -> Name {
    text.try_into().expect("short")
}

pub(crate) fn header() -> Message {
    Message::Header(Header {
        build_id: BuildId::new(&[0xab, 0x01]),
        device: name("lamp"),
        firmware: name("blink"),
        tick_hz: 1_000_000,
        trace_id: 3,
        ..Header::default()
    })
}

pub(crate) fn region(text: &str, origin: Origin) -> Message {
    Message::Region(HeapRegion {
        name: name(text),
        size: 1_000,
        origin,
        ..HeapRegion::default()
    })
}

pub(crate) fn sample(region: u8, used: u64, largest_free_block: u64) -> Message {
    Message::Sample(Sample {
        region,
        used,
        free: 1_000 - used,
        minimum_free: 100,
        largest_free_block,
        ..Sample::default()
    })
}

pub(crate) fn counters() -> Message {
    Message::Counters(Summary {
        time_us: 60 * SECOND,
        started_us: 10 * SECOND,
        state: State::Recording,
        mode: Some(Mode::All),
        total_allocations: 5,
        matched_frees: 1,
        unmatched_frees: 2,
        live_count: 4,
        gaps: 7,
        doubtful_until_us: 20 * SECOND,
        ..Summary::default()
    })
}

pub(crate) fn task(id: u16, text: &str, origin: Origin) -> Message {
    let name = name(text);
    Message::Task(Task { id, name, origin })
}

pub(crate) fn stack(id: u32, task: u16) -> Message {
    Message::Stack(Stack {
        id,
        task,
        frames: Frames::from_slice(&[0x4200_0000 + u64::from(id)]).expect("short"),
        ..Stack::default()
    })
}

pub(crate) fn record(second: u64, size: u64, stack: u32) -> Message {
    Message::Record(trace::Record {
        seq: second * SECOND,
        size,
        stack,
        ..Default::default()
    })
}

pub(crate) fn freed(second: u64, at: u64) -> Message {
    Message::Freed(Free {
        seq: second * SECOND,
        time: at * SECOND,
        stack: Some(2),
        ..Free::default()
    })
}

/// A capture of a device with two tasks: stack 1 leaks a block every ten seconds, stack 2 is the driver's.
pub(crate) fn messages() -> Vec<Message> {
    vec![
        header(),
        region("dram", Origin::Application),
        region("own", Origin::Agent),
        sample(0, 400, 300),
        sample(1, 500, 500),
        counters(),
        task(1, "net", Origin::Application),
        task(2, "wifi", Origin::Driver),
        stack(1, 1),
        stack(2, 2),
        record(20, 100, 1),
        record(30, 100, 1),
        record(35, 64, 2),
        freed(35, 36),
        record(40, 100, 1),
        record(50, 700, 2),
    ]
}
