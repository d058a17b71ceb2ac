//! How much memory an export of many events takes.

mod memory {
    pub(crate) mod counted;
}

use heapbeacon_shared::export::{Format, Recording};
use heapbeacon_shared::trace::{Address, Record};
use heapbeacon_shared::wire::{
    Encoder, Event, EventWriter, FreedBlock, MAX_ENCODED, Message, Snapshot, SnapshotEnd,
};

use memory::counted;

/// Bytes that an export may take at once.
const MOST: usize = 1 << 20;

/// A stream of so many allocations, each of which is freed 50 later.
fn stream(allocations: u64) -> Vec<u8> {
    let mut encoder = Encoder::new();
    let mut buffer = [0; MAX_ENCODED];
    let mut bytes = Vec::new();
    let mut say = |message: &Message| {
        bytes.extend_from_slice(encoder.encode(message, &mut buffer).expect("fits"));
    };
    say(&Message::Snapshot(Snapshot::default()));
    say(&Message::SnapshotEnd(SnapshotEnd::default()));
    let address = |number: u64| Address(0x1000 + number % 64 * 0x100);
    let mut writer = EventWriter::default();
    for number in 1..=allocations {
        let record = Record {
            seq: number * 10,
            address: address(number),
            size: number % 100,
            stack: (number % 10) as u32,
            ..Record::default()
        };
        let freed = number.checked_sub(50).map(|before| {
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

#[test]
fn what_an_export_takes_does_not_grow_with_its_events() {
    let bytes = stream(200_000);
    let mut read = |offset: u64, piece: &mut [u8]| {
        let rest = &bytes[offset as usize..];
        let count = rest.len().min(piece.len());
        piece[..count].copy_from_slice(&rest[..count]);
        Ok::<_, String>(count)
    };
    for format in Format::ALL {
        let (peak, written) = counted::peak(|| {
            let recording = Recording::read(&mut read).expect("readable");
            assert!(recording.sums().allocated.count == 200_000);
            let mut written = 0;
            let write = |piece: &[u8]| {
                written += piece.len();
                Ok(())
            };
            recording
                .write(format, &mut read, write)
                .expect("it is written");
            written
        });
        assert!(peak < MOST, "{format:?} takes {peak} bytes for {written}");
    }
}
