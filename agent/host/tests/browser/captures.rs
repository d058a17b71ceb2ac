//! Capture files for the page: one as a small device would write it, and files that are none.

use std::path::PathBuf;

use heapbeacon_shared::trace::{
    Address, Births, BuildId, Cut, Destination, Ending, Frames, Leak, MAX_FRAMES, Mark, Mode, Name,
    Origin, Reason, Record, Stack, State, Summary, Task,
};
use heapbeacon_shared::wire::{
    Encoder, Free, Handed, Header, HeapRegion, MAX_ENCODED, Message, Sample,
};
use thirtyfour::prelude::*;

use super::files::CAPTURE;
use crate::support::page::Page;

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const KIB: u64 = 1024;

/// When the capture of the lamp was taken, and when its trace was started.
const TAKEN: u64 = 192 * MINUTE;
const STARTED: u64 = 2 * MINUTE;

/// Live records that gave way, and events that never arrived, in a capture that lacks some.
const EVICTED: u64 = 12;
const DROPPED: u64 = 3;

/// Build id of the lamp's firmware.
pub(crate) const LAMP_BUILD: [u8; 4] = [0x1a, 0x3b, 0x5c, 0x7d];

/// Files in a folder that goes with this value.
pub(crate) struct Files(tempfile::TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("there is a folder for temporary files"))
    }

    /// Writes a file and returns its path, as a file chooser wants it.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("there is room for a file");
        path.display().to_string()
    }

    /// Returns where a file of this name would be.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// A capture of a device with two heap regions, four tasks and a Wi-Fi driver: nobody's build here.
pub(crate) fn lamp() -> Vec<u8> {
    lamp_with(blocks())
}

/// A capture of the same firmware that has run for as long: its leak has gone further, its table is gone, and a cache is new.
pub(crate) fn lamp_later() -> Vec<u8> {
    let kept = blocks().into_iter().filter(|(id, ..)| *id != 2);
    let mut blocks: Vec<_> = kept.collect();
    let more = (3..63).map(|minute| minute * MINUTE + SECOND);
    blocks[0].3.extend(more);
    blocks.push((6, 1, 24 * KIB, vec![STARTED + 2 * SECOND]));
    lamp_with(blocks)
}

/// A capture of eight call sites, of which the first or the last holds most.
pub(crate) fn eight(first_most: bool) -> Vec<u8> {
    let block = |nth: u32| {
        let rank = if first_most { 8 - nth } else { 1 + nth };
        let time = STARTED + u64::from(nth) * SECOND;
        (6 + nth, 1, u64::from(rank) * KIB, vec![time])
    };
    lamp_with((0..8).map(block))
}

/// A capture of the same whose trace was stopped for a while, whose table was full, and whose events did not all arrive.
pub(crate) fn lossy() -> Vec<u8> {
    let whole = counters();
    let summary = Summary {
        total_allocations: whole.total_allocations + EVICTED,
        evicted_live: EVICTED,
        dropped: DROPPED,
        gaps: 1,
        ..whole
    };
    lamp_of(summary, blocks())
}

fn lamp_with(blocks: impl IntoIterator<Item = Held>) -> Vec<u8> {
    lamp_of(counters(), blocks)
}

fn lamp_of(summary: Summary, blocks: impl IntoIterator<Item = Held>) -> Vec<u8> {
    let mut messages = vec![header()];
    messages.extend(heap());
    messages.push(Message::Counters(summary));
    messages.extend([
        task(1, "main", Origin::Application),
        task(2, "mqtt", Origin::Application),
        task(3, "wifi", Origin::Driver),
        task(4, "heapbeacon", Origin::Agent),
    ]);
    let mut records = Vec::new();
    for (id, task, size, times) in blocks {
        messages.push(stack(id, task));
        records.extend(times.into_iter().map(|time| (time, size, id)));
    }
    records.sort_unstable();
    messages.extend(records.into_iter().map(record));
    stream(&messages)
}

/// What the same device keeps of a boot that a panic has ended: no records, but who held the heap.
pub(crate) fn post_mortem() -> Vec<u8> {
    let mut messages = vec![header()];
    messages.extend(heap());
    messages.push(Message::Counters(counters()));
    for (id, task, size, times) in blocks() {
        messages.push(stack(id, task));
        let (oldest_us, count) = (times[0], times.len() as u64);
        let mut births = Births::new(oldest_us, TAKEN);
        times.iter().for_each(|time| births.add(*time));
        messages.push(Message::Births(Leak {
            stack: id,
            count,
            bytes: count * size,
            oldest_us,
            newest_us: times[times.len() - 1],
            births,
            ..Leak::default()
        }));
    }
    for line in ["joined the network", "broker: connection refused"] {
        messages.push(Message::Log(line.try_into().expect("short")));
    }
    messages.push(Message::Ending(Ending {
        reason: Reason::Panic,
        time_us: TAKEN + SECOND,
        task: Some(name("mqtt")),
        message: "no route to the broker (src/mqtt.rs:120:9)"
            .try_into()
            .expect("short"),
        frames: (0..5)
            .map(|depth| Address(0x4200_8000 + depth * 0x30))
            .collect(),
        free: Some(9 * KIB),
        largest_free_block: Some(2 * KIB),
        ..Ending::default()
    }));
    stream(&messages)
}

/// A capture of the same device with so many live blocks, of 32 call sites.
pub(crate) fn crowd(len: u64) -> Vec<u8> {
    let mut messages = vec![header()];
    messages.extend(heap());
    messages.push(task(1, "main", Origin::Application));
    messages.extend((0..32).map(|id| stack(id, 1)));
    let record_of = |nth: u64| record((STARTED + nth, 16 + nth % 240, (nth % 32) as u32));
    messages.extend((0..len).map(record_of));
    stream(&messages)
}

/// A capture in all mode with so many call stacks, none of which shares a frame with another, and a freed block of each. A mark
/// is set in the middle.
pub(crate) fn wide(stacks: u32) -> Vec<u8> {
    let mut messages = vec![header()];
    messages.extend(heap());
    messages.push(Message::Counters(Summary {
        time_us: TAKEN,
        started_us: STARTED,
        state: State::Recording,
        destination: Some(Destination::Standalone),
        mode: Some(Mode::All),
        count: 2 * stacks,
        capacity: 4_096,
        total_allocations: 2 * u64::from(stacks),
        matched_frees: stacks.into(),
        live_count: stacks.into(),
        ..Summary::default()
    }));
    messages.push(task(1, "main", Origin::Application));
    messages.push(Message::Mark(Mark {
        name: name("half time"),
        time_us: STARTED + u64::from(stacks),
        ..Mark::default()
    }));
    for id in 0..stacks {
        let frames =
            (0..MAX_FRAMES as u64).map(|depth| 0x4200_0000 + u64::from(id) * 0x80 + depth * 4);
        messages.push(Message::Stack(Stack {
            id,
            task: 1,
            frames: Frames::from_iter(frames),
            ..Stack::default()
        }));
    }
    for nth in 0..2 * u64::from(stacks) {
        let (seq, stack) = (STARTED + nth, (nth / 2) as u32);
        // Few of them have most.
        let size = 16 + 1_000_000 / (u64::from(stack) + 1);
        let address = Address(0x3fc9_0000 + nth * 16);
        messages.push(Message::Record(Record {
            seq,
            address,
            size,
            stack,
            ..Record::default()
        }));
        if nth % 2 == 1 {
            messages.push(Message::Freed(Free {
                seq,
                address,
                time: seq,
                stack: None,
            }));
        }
    }
    stream(&messages)
}

/// A capture of a heap in which so many blocks of so many call sites lie apart from each other, each of which was traced. A mark is set in
/// the middle.
pub(crate) fn scattered(blocks: u64, stacks: u32) -> Vec<u8> {
    scattered_by(blocks, (0..stacks).map(|id| stack(id, 1)), header())
}

/// The same of call stacks in a program.
pub(crate) fn scattered_in(blocks: u64, build_id: BuildId, stacks: &[Vec<u64>]) -> Vec<u8> {
    let stacks = (0..stacks.len() as u32).zip(stacks).map(|(id, frames)| {
        Message::Stack(Stack {
            id,
            task: 1,
            frames: frames.iter().copied().collect(),
            ..Stack::default()
        })
    });
    let header = Message::Header(Header {
        build_id,
        pointer_bytes: 8,
        tick_hz: 1_000_000,
        trace_id: 1,
        ..Header::default()
    });
    scattered_by(blocks, stacks, header)
}

fn scattered_by(
    blocks: u64,
    stacks: impl ExactSizeIterator<Item = Message>,
    header: Message,
) -> Vec<u8> {
    let count = stacks.len() as u64;
    const STEP: u64 = 96;
    let size_of = |nth: u64| 16 + nth * 7 % 48;
    let (start, bytes) = (0x3fc8_8000, (0..blocks).map(size_of).sum::<u64>());
    let size = blocks * STEP + 4 * KIB;
    let mut messages = vec![
        header,
        Message::Region(HeapRegion {
            name: name("dram"),
            start: Address(start),
            size,
            origin: Origin::Application,
        }),
        Message::Sample(Sample {
            time: TAKEN,
            region: 0,
            used: bytes,
            free: size - bytes,
            minimum_free: 0,
            largest_free_block: 4 * KIB,
        }),
        Message::Handed(Handed {
            region: 0,
            blocks,
            requested: bytes,
        }),
        Message::Counters(Summary {
            time_us: TAKEN,
            started_us: STARTED,
            state: State::Recording,
            destination: Some(Destination::Standalone),
            mode: Some(Mode::Leaks),
            count: blocks as u32,
            capacity: 32_768,
            total_allocations: blocks,
            total_allocated_bytes: bytes,
            live_count: blocks,
            live_bytes: bytes,
            ..Summary::default()
        }),
        task(1, "main", Origin::Application),
        Message::Mark(Mark {
            name: name("half time"),
            time_us: STARTED + blocks / 2,
            ..Mark::default()
        }),
    ];
    messages.extend(stacks);
    messages.extend((0..blocks).map(|nth| {
        Message::Record(Record {
            seq: STARTED + nth,
            address: Address(start + nth * STEP),
            size: size_of(nth),
            stack: (nth * 31 % count) as u32,
            ..Record::default()
        })
    }));
    stream(&messages)
}

/// Stack, task, size and times of what is live.
type Held = (u32, u16, u64, Vec<u64>);

/// A leak, a table, a queue, buffers of the driver, and the agent's.
fn blocks() -> [Held; 5] {
    [
        (1, 2, 112, (3..190).map(|minute| minute * MINUTE).collect()),
        (2, 1, 12 * KIB, vec![STARTED + SECOND]),
        (
            3,
            2,
            256,
            (1..9).map(|back| TAKEN - back * SECOND).collect(),
        ),
        (
            4,
            3,
            1_600,
            (1..11).map(|slot| STARTED + slot * SECOND).collect(),
        ),
        (5, 4, 640, vec![STARTED + 7 * SECOND, TAKEN - SECOND]),
    ]
}

fn header() -> Message {
    Message::Header(Header {
        build_id: BuildId::new(&LAMP_BUILD),
        board: name("esp32"),
        chip: name("ESP32-C3"),
        device: name("lamp-kitchen"),
        firmware: name("lamp"),
        firmware_version: name("2.1.0"),
        pointer_bytes: 4,
        tick_hz: 1_000_000,
        boot_id: 7,
        trace_id: 1,
    })
}

fn heap() -> [Message; 4] {
    let region = |text: &str, start: u64, size: u64| {
        let (name, origin) = (name(text), Origin::Application);
        Message::Region(HeapRegion {
            name,
            start: Address(start),
            size,
            origin,
        })
    };
    let sample = |region: u8, used: u64, free: u64, largest_free_block: u64| {
        Message::Sample(Sample {
            time: TAKEN,
            region,
            used,
            free,
            minimum_free: free * 2 / 3,
            largest_free_block,
        })
    };
    [
        region("dram", 0x3fc8_8000, 180 * KIB),
        region("dram2", 0x3fcd_e710, 64 * KIB),
        sample(0, 118 * KIB, 62 * KIB, 24 * KIB),
        sample(1, 9 * KIB, 55 * KIB, 54 * KIB),
    ]
}

fn counters() -> Summary {
    let live: Vec<(u64, u64)> = blocks()
        .iter()
        .map(|(_, _, size, times)| (times.len() as u64, size * times.len() as u64))
        .collect();
    let live_count = live.iter().map(|(count, _)| count).sum();
    let live_bytes = live.iter().map(|(_, bytes)| bytes).sum::<u64>();
    let (freed, freed_bytes) = (48_210, 9_120_044);
    Summary {
        time_us: TAKEN,
        started_us: STARTED,
        state: State::Recording,
        destination: Some(Destination::Standalone),
        mode: Some(Mode::Leaks),
        count: live_count as u32,
        capacity: 1_024,
        high_water_mark: 261,
        total_allocations: live_count + freed,
        total_allocated_bytes: live_bytes + freed_bytes,
        matched_frees: freed,
        matched_freed_bytes: freed_bytes,
        unmatched_frees: 12,
        live_count,
        live_bytes,
        stack_count: 41,
        stack_capacity: 256,
        ..Summary::default()
    }
}

fn task(id: u16, text: &str, origin: Origin) -> Message {
    let name = name(text);
    Message::Task(Task { id, name, origin })
}

fn stack(id: u32, task: u16) -> Message {
    let frames = (0..4).map(|depth| 0x4200_1000 + u64::from(id) * 0x400 + depth * 0x28);
    Message::Stack(Stack {
        id,
        task,
        frames: Frames::from_iter(frames),
        // An interrupt fills the queue, and who calls the driver's buffers can't be told.
        cut: match id {
            3 => Some(Cut::Interrupt),
            4 => Some(Cut::Driver),
            _ => None,
        },
        ..Stack::default()
    })
}

fn record((seq, size, stack): (u64, u64, u32)) -> Message {
    Message::Record(Record {
        seq,
        address: Address(0x3fc9_0000 + seq % 0x1_0000),
        size,
        core: 0,
        stack,
        ..Record::default()
    })
}

fn name(text: &str) -> Name {
    text.try_into().expect("short")
}

fn stream(messages: &[Message]) -> Vec<u8> {
    let mut encoder = Encoder::new();
    let mut buffer = [0; MAX_ENCODED];
    let mut bytes = Vec::new();
    for message in messages {
        bytes.extend_from_slice(encoder.encode(message, &mut buffer).expect("it fits"));
    }
    let end = encoder.finish();
    bytes.extend_from_slice(encoder.encode(&end, &mut buffer).expect("it fits"));
    bytes
}

/// Opens a capture, and looks at it on a page.
pub(crate) async fn open_capture(
    page: &Page,
    fragment: &str,
    name: &str,
    capture: &[u8],
) -> WebDriverResult<()> {
    let files = Files::new();
    page.go("device").await?;
    page.choose(CAPTURE, &files.write(name, capture)).await?;
    page.element_with("[data-testid='file-banner']", name)
        .await?;
    page.go(fragment).await
}
