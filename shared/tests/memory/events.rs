//! Events, as many as wanted.

use heapbeacon_shared::trace::{Address, Record};
use heapbeacon_shared::wire::{
    Encoder, Event, EventWriter, FreedBlock, MAX_ENCODED, Message, Snapshot, SnapshotEnd,
};

/// A stream of so many allocations, of which so many are live at a time: each is freed by that many later.
pub(crate) fn stream(allocations: u64, live: u64) -> Vec<u8> {
    let mut encoder = Encoder::new();
    let mut buffer = [0; MAX_ENCODED];
    let mut bytes = Vec::new();
    let mut say = |message: &Message| {
        bytes.extend_from_slice(encoder.encode(message, &mut buffer).expect("fits"));
    };
    say(&Message::Snapshot(Snapshot::default()));
    say(&Message::SnapshotEnd(SnapshotEnd::default()));
    let address = |number: u64| Address(0x1000 + number % (live + 14) * 0x100);
    let mut writer = EventWriter::default();
    for number in 1..=allocations {
        let record = Record {
            seq: number * 10,
            address: address(number),
            size: number % 100,
            stack: (number % 10) as u32,
            ..Record::default()
        };
        let freed = number.checked_sub(live).map(|before| {
            Event::Freed(FreedBlock {
                time: number * 10,
                address: address(before),
                stack: None,
            })
        });
        for event in freed.into_iter().chain([Event::Allocated(record)]) {
            if !writer.push(&event) {
                say(&Message::Events(writer.take()));
                assert!(writer.push(&event));
            }
        }
    }
    say(&Message::Events(writer.take()));
    bytes
}
