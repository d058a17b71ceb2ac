//! What a reader makes of an event connection, whatever is dropped, and wherever it is cut.

use std::collections::BTreeMap;

use heapbeacon_shared::capture::{CaptureReader, Change, LiveBlocks};
use heapbeacon_shared::trace::{Address, Record, Summary};
use heapbeacon_shared::wire::*;
use proptest::collection::vec;
use proptest::prelude::*;

/// Places for blocks: few, so that addresses come again.
const PLACES: u64 = 24;
/// Events that the ring of the device keeps.
const RING: usize = 16;

type Blocks = BTreeMap<Address, Record>;

/// What a device and its network do next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Allocates at a free place, or frees a taken one.
    Touch(u64),
    /// Sends some of the events that wait.
    Send(usize),
    /// Names some of the live blocks, if a snapshot is under way.
    Name(usize),
    /// The connection breaks inside its last frame; the next one begins.
    Cut(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        30 => (0..PLACES).prop_map(Step::Touch),
        6 => (1..12usize).prop_map(Step::Send),
        4 => (1..4usize).prop_map(Step::Name),
        1 => (0..40usize).prop_map(Step::Cut),
    ];
    vec(step, 1..400)
}

/// A device with a ring that forgets, and the reader at the other end of its connection.
#[derive(Default)]
struct Device {
    blocks: Blocks,
    now: u64,
    events: Vec<Event>,
    connection: Connection,
    /// What the reader was told of blocks, added up: over all connections.
    told: Blocks,
}

#[derive(Default)]
struct Connection {
    encoder: Encoder,
    /// Events that were sent or dropped.
    cursor: usize,
    /// Up to which block a running snapshot goes, and which it has come to.
    snapshot: Option<(u64, u64)>,
    has_begun: bool,
    named: u32,
    decoder: Decoder,
    live: LiveBlocks,
}

impl Device {
    fn touch(&mut self, place: u64) {
        self.now += place % 3 + 1;
        let address = Address(0x3fc8_0000 + place * 40);
        let event = match self.blocks.remove(&address) {
            Some(_) => Event::Freed(FreedBlock {
                time: self.now - 1,
                address,
                stack: place.is_multiple_of(2).then_some(9),
            }),
            None => {
                let record = Record {
                    seq: self.now,
                    address,
                    size: place * 7,
                    core: place.is_multiple_of(5).into(),
                    stack: place as u32,
                    ..Record::default()
                };
                self.blocks.insert(address, record);
                Event::Allocated(record)
            }
        };
        self.events.push(event);
    }

    /// Sends a message in a frame, of which `kept` bytes arrive.
    fn frame(&mut self, message: &Message, kept: usize) {
        let mut buffer = [0; MAX_ENCODED];
        let Connection {
            encoder,
            decoder,
            live,
            ..
        } = &mut self.connection;
        let bytes = encoder.encode(message, &mut buffer).unwrap();
        decoder.push(&bytes[..kept.min(bytes.len())]);
        for message in decoder.by_ref() {
            live.take(&message.unwrap(), |change| match change {
                Change::Allocated(record) => {
                    let before = self.told.insert(record.address, record);
                    assert_eq!(before, None, "it is told of once");
                }
                Change::Freed(record, _) | Change::Vanished(record, _) => {
                    let before = self.told.remove(&record.address);
                    assert_eq!(before, Some(record), "it was told of");
                }
            });
        }
    }

    fn say(&mut self, message: &Message) {
        self.frame(message, usize::MAX);
    }

    /// Sends up to `most` events, and tells of those that the ring has forgotten.
    fn send(&mut self, most: usize, kept: usize) {
        let behind = self.events.len() - self.connection.cursor;
        if !self.connection.has_begun {
            self.begin_snapshot();
        } else if behind > RING {
            let events = behind as u64;
            self.say(&Message::Dropped(Dropped { events }));
            self.begin_snapshot();
        }
        let from = self.connection.cursor;
        let until = self.events.len().min(from + most);
        let mut writer = EventWriter::default();
        for event in &self.events[from..until] {
            assert!(writer.push(event));
        }
        self.connection.cursor = until;
        if !writer.is_empty() {
            self.frame(&Message::Events(writer.take()), kept);
        }
    }

    fn begin_snapshot(&mut self) {
        self.connection.has_begun = true;
        self.connection.cursor = self.events.len();
        self.connection.snapshot = Some((self.now, 0));
        self.connection.named = 0;
        self.say(&Message::Snapshot(Snapshot { until: self.now }));
    }

    fn name(&mut self, most: usize) {
        let Some((until, after)) = self.connection.snapshot else {
            return;
        };
        let mut blocks: Vec<_> = self.blocks.values().copied().collect();
        blocks.sort_by_key(|block| block.seq);
        blocks.retain(|block| (after + 1..=until).contains(&block.seq));
        blocks.truncate(most);
        self.connection.named += blocks.len() as u32;
        let Some(last) = blocks.last() else {
            self.connection.snapshot = None;
            let blocks = self.connection.named;
            return self.say(&Message::SnapshotEnd(SnapshotEnd { blocks }));
        };
        self.connection.snapshot = Some((until, last.seq));
        let mut writer = EventWriter::default();
        for block in &blocks {
            assert!(writer.push(&Event::Allocated(*block)));
        }
        self.say(&Message::Live(writer.take()));
    }

    fn cut(&mut self, kept: usize) {
        self.send(5, kept);
        self.connection = Connection::default();
        self.told.clear();
    }

    fn live(&self) -> Blocks {
        let live = self.connection.live.iter();
        live.map(|record| (record.address, *record)).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_reader_ends_with_what_is_live_whatever_was_dropped_and_cut(steps in steps()) {
        let mut device = Device::default();
        for step in steps {
            match step {
                Step::Touch(place) => device.touch(place),
                Step::Send(most) => device.send(most, usize::MAX),
                Step::Name(most) => device.name(most),
                Step::Cut(kept) => device.cut(kept),
            }
            let is_even = device.connection.cursor == device.events.len();
            if device.connection.live.is_complete() && is_even {
                prop_assert_eq!(&device.live(), &device.blocks);
            }
        }
        device.send(RING, usize::MAX);
        while device.connection.snapshot.is_some() {
            device.name(3);
        }
        prop_assert!(device.connection.live.is_complete());
        prop_assert_eq!(&device.live(), &device.blocks);
        prop_assert_eq!(&device.told, &device.blocks);
    }

    #[test]
    fn events_are_read_as_they_were_written(
        events in vec((0..1u64 << 40, any::<u64>(), any::<u64>(), any::<(u8, u32, bool)>()), 0..100)
    ) {
        let mut last = 0;
        let events = events.into_iter().map(|(after, address, size, (core, stack, is_free))| {
            last += after;
            let address = Address(address);
            match is_free {
                true => Event::Freed(FreedBlock { time: last, address, stack: (core > 9).then_some(stack) }),
                false => Event::Allocated(Record { seq: last, address, size, core, stack, ..Record::default() }),
            }
        });
        let events: Vec<_> = events.collect();
        let mut read = Vec::new();
        let mut writer = EventWriter::default();
        for event in &events {
            let room = writer.most_bytes();
            if !writer.push(event) {
                prop_assert!(room > 400, "it is nearly full");
                read.extend(writer.take().iter().map(Result::unwrap));
                prop_assert!(writer.push(event), "an empty one has room");
            }
        }
        read.extend(writer.take().iter().map(Result::unwrap));
        prop_assert_eq!(read, events);
    }
}

#[test]
fn an_event_that_is_earlier_than_the_one_before_needs_another_message() {
    let at = |time| {
        Event::Freed(FreedBlock {
            time,
            ..FreedBlock::default()
        })
    };
    let mut writer = EventWriter::default();
    assert!(writer.push(&at(5)) && writer.push(&at(5)));
    assert!(!writer.push(&at(4)));
    assert_eq!(writer.take().iter().count(), 2);
    assert!(writer.push(&at(4)));
}

#[test]
fn the_longest_events_fit_into_a_body() {
    let mut writer = EventWriter::default();
    let record = |seq, address| {
        Event::Allocated(Record {
            seq,
            address: Address(address),
            size: u64::MAX,
            core: 255,
            stack: u32::MAX,
            ..Record::default()
        })
    };
    assert!(writer.push(&record(1 << 63, u64::MAX)));
    while writer.push(&record(u64::MAX, 1 << 62)) {}
    let most = writer.most_bytes();
    let mut buffer = [0; MAX_ENCODED];
    let message = Message::Events(writer.take());
    let encoded = Encoder::new().encode(&message, &mut buffer).unwrap().len();
    assert!(encoded <= 6 + most && most <= 6 + 2 + MAX_BODY, "{most}");
}

#[test]
fn a_step_that_is_not_known_ends_what_is_read_and_is_counted() {
    let mut writer = EventWriter::default();
    assert!(writer.push(&Event::Freed(FreedBlock::default())));
    let mut bytes = postcard::to_allocvec(&Message::Events(writer.take())).unwrap();
    // The length of the steps, and a step of a kind that there is not.
    bytes[3] += 1;
    bytes.push(9);
    let message: Message = postcard::from_bytes(&bytes).unwrap();
    let Message::Events(events) = &message else {
        panic!("{message:?}");
    };
    let read: Vec<_> = events.iter().collect();
    assert_eq!(read.len(), 2);
    assert_eq!(read[1], Err(MalformedEvent));
    let mut live = LiveBlocks::new();
    live.take(&Message::Snapshot(Snapshot::default()), |_| ());
    live.take(&Message::SnapshotEnd(SnapshotEnd::default()), |_| ());
    assert!(live.is_complete());
    live.take(&message, |_| ());
    assert!(!live.is_complete());
    assert_eq!(live.damaged(), 1);
}

#[test]
fn a_header_of_another_trace_begins_anew() {
    let header = |trace_id| {
        Message::Header(Header {
            trace_id,
            ..Header::default()
        })
    };
    let mut live = LiveBlocks::new();
    let mut writer = EventWriter::default();
    assert!(writer.push(&Event::Allocated(Record::default())));
    let events = Message::Events(writer.take());
    for (message, blocks) in [
        (header(1), 0),
        (events.clone(), 1),
        (header(1), 1),
        (header(2), 0),
        (events, 1),
    ] {
        live.take(&message, |_| ());
        assert_eq!(live.iter().count(), blocks, "{message:?}");
    }
}

/// The messages that readers knew before there were events, by their place in the format: more than names are not read.
#[derive(Debug, serde::Deserialize)]
#[allow(dead_code, reason = "only whether they can be read matters")]
enum OldMessage {
    Header(Header),
    Region(HeapRegion),
    Stack(heapbeacon_shared::trace::Stack),
    Record(Record),
    Freed(Free),
    Counters(heapbeacon_shared::trace::Summary),
    Sample(Sample),
    FailedAllocation(heapbeacon_shared::trace::Failure),
    Mark(heapbeacon_shared::trace::Mark),
    Dropped(Dropped),
    End(End),
    Task(heapbeacon_shared::trace::Task),
    Page(Page),
    MissedFrees(heapbeacon_shared::trace::MissedFrees),
    WrongFree(heapbeacon_shared::trace::WrongFree),
    Handed(Handed),
    Reserve(heapbeacon_shared::trace::Reserve),
    Period(heapbeacon_shared::trace::Period),
    Births(heapbeacon_shared::trace::Leak),
    Listed(Listed),
    Root(heapbeacon_shared::trace::Root),
    References(References),
    Scan(heapbeacon_shared::trace::Scan),
}

#[test]
fn an_older_reader_skips_what_is_new_and_reads_the_rest() {
    let mut writer = EventWriter::default();
    assert!(writer.push(&Event::Allocated(Record::default())));
    let events = writer.take();
    let new = [
        Message::Events(events.clone()),
        Message::Snapshot(Snapshot::default()),
        Message::Live(events),
        Message::SnapshotEnd(SnapshotEnd::default()),
    ];
    for message in new {
        let body = postcard::to_allocvec(&message).unwrap();
        let read = postcard::from_bytes::<OldMessage>(&body);
        // What makes a decoder skip a message by its length, as one that it does not know.
        assert!(
            matches!(read, Err(postcard::Error::SerdeDeCustom)),
            "{read:?}"
        );
    }
    let known = [
        Message::Dropped(Dropped { events: 3 }),
        Message::Sample(Sample::default()),
    ];
    for message in known {
        let body = postcard::to_allocvec(&message).unwrap();
        assert!(postcard::from_bytes::<OldMessage>(&body).is_ok());
    }
}

#[test]
fn a_connection_that_was_saved_opens_as_a_capture() {
    let record = |seq, address| Record {
        seq,
        address: Address(address),
        size: 32,
        stack: 7,
        ..Record::default()
    };
    let written = |events: &[Event]| {
        let mut writer = EventWriter::default();
        assert!(events.iter().all(|event| writer.push(event)));
        writer.take()
    };
    let freed = FreedBlock {
        time: 9,
        address: Address(0x100),
        stack: None,
    };
    let messages = [
        Message::Header(Header::default()),
        Message::Counters(Summary::EMPTY),
        Message::Snapshot(Snapshot { until: 5 }),
        Message::Live(written(&[
            Event::Allocated(record(1, 0x100)),
            Event::Allocated(record(2, 0x200)),
        ])),
        Message::SnapshotEnd(SnapshotEnd { blocks: 2 }),
        Message::Events(written(&[
            Event::Allocated(record(8, 0x300)),
            Event::Freed(freed),
        ])),
        Message::Dropped(Dropped { events: 4 }),
        Message::Snapshot(Snapshot { until: 20 }),
        Message::Live(written(&[Event::Allocated(record(8, 0x300))])),
        Message::SnapshotEnd(SnapshotEnd { blocks: 1 }),
    ];
    let mut encoder = Encoder::new();
    let mut buffer = [0; MAX_ENCODED];
    let mut reader = CaptureReader::new();
    for message in &messages {
        let bytes = encoder.encode(message, &mut buffer).unwrap();
        reader.push(bytes).unwrap();
    }
    let capture = reader.finish().unwrap();
    let records: Vec<_> = capture
        .records
        .iter()
        .map(|record| (record.seq, record.freed_time_us))
        .collect();
    assert_eq!(records, [(1, Some(9)), (2, Some(20)), (8, None)]);
    assert_eq!(capture.trace.summary.dropped, 4);
}
