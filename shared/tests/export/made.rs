//! Captures that tests export, and how.

use std::iter;

use heapbeacon_shared::capture::{Capture, CaptureReader};
use heapbeacon_shared::export::{Format, ReadError, Recording};
use heapbeacon_shared::frames::Frame;
use heapbeacon_shared::trace::{
    self, Address, Frames, Level, Mark, Name, Period, Point, Stack, State, Summary, Task,
};
use heapbeacon_shared::wire::*;

#[path = "../stream/mod.rs"]
mod stream;

pub(crate) use stream::stream;

/// What no format may trip over: quotes, separators, line ends, and what is left of a name that is no UTF-8.
pub(crate) const EVIL: &str = "a \"q\" \\ ; , \n\r\t\u{2028} \u{fffd} <x>";

pub(crate) fn name(text: &str) -> Name {
    text.try_into().expect("short")
}

/// A block of a task: when it was allocated and freed, in milliseconds, where it lies, how large it is, and who allocated it.
#[derive(Clone, Copy)]
pub(crate) struct Block {
    pub(crate) born: u64,
    pub(crate) freed: Option<u64>,
    pub(crate) address: u64,
    pub(crate) size: u64,
    pub(crate) stack: u32,
}

const fn block(born: u64, freed: Option<u64>, address: u64, size: u64, stack: u32) -> Block {
    Block {
        born,
        freed,
        address,
        size,
        stack,
    }
}

/// Two tasks, three call stacks and two regions. When most is live, at 40 ms, it is 1,364 bytes.
pub(crate) const BLOCKS: [Block; 6] = [
    block(10, None, 0x1000, 100, 1),
    block(20, Some(45), 0x1100, 200, 1),
    block(30, None, 0x9000, 1_000, 2),
    block(40, Some(60), 0x1200, 64, 3),
    block(50, None, 0x1100, 32, 1),
    block(70, Some(80), 0x9800, 8, 2),
];
/// Before the fifth block, after the first free.
pub(crate) const MARK_MS: u64 = 48;

fn head() -> Vec<Message> {
    let region = |text, start| {
        Message::Region(HeapRegion {
            name: name(text),
            start: Address(start),
            size: 0x1000,
            ..HeapRegion::default()
        })
    };
    let task = |id, text| {
        Message::Task(Task {
            id,
            name: name(text),
            ..Task::default()
        })
    };
    let stack = |id: u32, task, frames: &[u64]| {
        Message::Stack(Stack {
            id,
            task,
            frames: Frames::from_slice(frames).expect("short"),
            allocations: 10,
            frees: 5,
            longest_lifetime_us: 25_000,
            ..Stack::default()
        })
    };
    let samples = [(0, 300), (1, 1_000)].map(|(region, used)| {
        Message::Sample(Sample {
            time: 100_000,
            region,
            used,
            free: 0x1000 - used,
            ..Sample::default()
        })
    });
    let mut messages = vec![
        Message::Header(Header {
            build_id: trace::BuildId::new(&[0xab, 0x01]),
            firmware: name("blink \"2\""),
            tick_hz: 1_000_000,
            boot_id: 7,
            trace_id: 3,
            ..Header::default()
        }),
        region("dram", 0x1000),
        region("psram, slow", 0x9000),
        task(1, "net"),
        task(2, "a;\"b\"\\\n"),
        stack(1, 1, &[0x4200_0010, 0x4200_0020]),
        stack(2, 2, &[0x4200_0010, 0x4200_0030]),
        // The same functions as the first, in another task.
        stack(3, 2, &[0x4200_0010, 0x4200_0020]),
        Message::Mark(Mark {
            time_us: MARK_MS * 1_000,
            name: name("warm \"up\""),
            ..Mark::default()
        }),
    ];
    messages.extend(samples);
    messages
}

fn counters(count: u64, bytes: u64) -> [Message; 2] {
    let summary = Message::Counters(Summary {
        time_us: 100_000,
        started_us: 5_000,
        state: State::Recording,
        live_count: count,
        live_bytes: bytes,
        ..Summary::default()
    });
    let period = Message::Period(Period {
        started_us: 5_000,
        time_us: 100_000,
        ..Period::default()
    });
    [summary, period]
}

impl Block {
    fn record(&self) -> trace::Record {
        trace::Record {
            seq: self.born * 1_000,
            address: Address(self.address),
            size: self.size,
            stack: self.stack,
            ..trace::Record::default()
        }
    }

    /// Returns what a device in all mode says of it.
    pub(crate) fn messages(&self) -> impl Iterator<Item = Message> {
        let freed = self.freed.map(|freed| {
            Message::Freed(Free {
                seq: self.born * 1_000,
                address: Address(self.address),
                time: freed * 1_000,
                stack: Some(3),
            })
        });
        iter::once(Message::Record(self.record())).chain(freed)
    }
}

/// What a device in all mode answers.
pub(crate) fn all_mode() -> Vec<u8> {
    let mut messages = head();
    messages.extend(counters(3, 1_132));
    messages.extend(BLOCKS.iter().flat_map(Block::messages));
    stream(&messages)
}

/// The same of a device that remembers how full its first region was at 3 and at 50 milliseconds, and of a file that tells the first point
/// twice.
pub(crate) fn with_history() -> Vec<u8> {
    let point = |until_us, used| {
        Message::History(Point {
            until_us,
            regions: iter::once(Level {
                used,
                free: 0x1000 - used,
                largest_free_block: 64,
                ..Level::default()
            })
            .collect(),
            ..Point::default()
        })
    };
    let mut messages = head();
    messages.extend([point(3_000, 200), point(50_000, 250), point(3_000, 200)]);
    messages.extend(counters(3, 1_132));
    messages.extend(BLOCKS.iter().flat_map(Block::messages));
    stream(&messages)
}

/// The same as an event connection tells it that began with the first two blocks live.
pub(crate) fn events() -> Vec<u8> {
    let mut events: Vec<(u64, Event)> = Vec::new();
    for block in &BLOCKS {
        events.push((block.born, Event::Allocated(block.record())));
        events.extend(block.freed.map(|freed| {
            let event = FreedBlock {
                time: freed * 1_000,
                address: Address(block.address),
                stack: Some(3),
            };
            (freed, Event::Freed(event))
        }));
    }
    events.sort_by_key(|(time, _)| *time);
    let written = |events: &[(u64, Event)]| {
        let mut writer = EventWriter::default();
        assert!(events.iter().all(|(_, event)| writer.push(event)));
        writer.take()
    };
    let mut messages = head();
    messages.extend([
        Message::Snapshot(Snapshot { until: 20_000 }),
        Message::Live(written(&events[..2])),
        Message::SnapshotEnd(SnapshotEnd { blocks: 2 }),
        Message::Events(written(&events[2..5])),
        Message::Events(written(&events[5..])),
    ]);
    messages.extend(counters(3, 1_132));
    stream(&messages)
}

/// A trace in which nothing was allocated yet.
pub(crate) fn empty() -> Vec<u8> {
    stream(&counters(0, 0))
}

/// Reads bytes that are in memory, a few at once.
pub(crate) fn reader(bytes: &[u8]) -> impl FnMut(u64, &mut [u8]) -> Result<usize, String> {
    move |offset, piece| {
        let rest = bytes.get(offset as usize..).unwrap_or_default();
        let count = rest.len().min(piece.len()).min(100);
        piece[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

pub(crate) fn recording(bytes: &[u8]) -> Result<Recording, ReadError<String>> {
    let mut recording = Recording::read(reader(bytes))?;
    recording.name(names);
    Ok(recording)
}

/// At one address a function that was inlined into another.
pub(crate) fn names(address: u64) -> Vec<Frame> {
    let frame = |function: &str, line, inlined| Frame {
        address,
        function: Some(function.into()),
        file: Some("src/\"odd\".rs".into()),
        line: Some(line),
        inlined,
        ..Frame::default()
    };
    match address {
        0x4200_0010 => vec![frame(EVIL, 1, true), frame("app::grow", 2, false)],
        0x4200_0020 => vec![frame("app::main", 3, false)],
        // One that nothing is known about.
        _ => Vec::new(),
    }
}

pub(crate) fn export(bytes: &[u8], format: Format) -> Vec<u8> {
    let recording = recording(bytes).expect("readable");
    let mut document = Vec::new();
    let write = |piece: &[u8]| {
        document.extend_from_slice(piece);
        Ok(())
    };
    recording
        .write(format, reader(bytes), write)
        .expect("nothing fails");
    document
}

pub(crate) fn text(bytes: &[u8], format: Format) -> String {
    String::from_utf8(export(bytes, format)).expect("text")
}

/// What the page would show of the same bytes.
pub(crate) fn shown(bytes: &[u8]) -> Capture {
    let mut reader = CaptureReader::new();
    reader.push(bytes).expect("readable");
    reader.finish().expect("readable")
}
