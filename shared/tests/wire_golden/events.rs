//! The messages of event connections.

use heapbeacon_shared::trace::{Address, Record};
use heapbeacon_shared::wire::*;

use super::assert_golden;

fn written(all: &[Event]) -> Events {
    let mut writer = EventWriter::default();
    assert!(all.iter().all(|event| writer.push(event)));
    writer.take()
}

/// A block on two cores and two frees.
fn four_events() -> [Event; 4] {
    let record = Record {
        seq: 300,
        address: Address(1000),
        size: 128,
        core: 0,
        stack: 7,
        ..Record::default()
    };
    let freed = FreedBlock {
        time: 300,
        address: Address(1000),
        stack: None,
    };
    [
        Event::Allocated(record),
        Event::Freed(freed),
        Event::Allocated(Record {
            seq: 428,
            address: Address(999),
            core: 1,
            ..record
        }),
        Event::Freed(FreedBlock {
            time: 429,
            address: Address(1255),
            stack: Some(300),
        }),
    ]
}

#[test]
fn events() {
    assert_golden(
        Message::Events(written(&four_events())),
        "1d 17  ac 02  e8 07  17  00 00 00 80 01 07  02 00 00  01 80 01 01 80 01 07 01  03 01 80 04 ac 02",
    );
}

#[test]
fn live() {
    assert_golden(
        Message::Live(written(&four_events()[..1])),
        "0c 19  ac 02  e8 07  06  00 00 00 80 01 07",
    );
}

#[test]
fn snapshot() {
    assert_golden(Message::Snapshot(Snapshot { until: 300 }), "03 18  ac 02");
}

#[test]
fn snapshot_end() {
    assert_golden(
        Message::SnapshotEnd(SnapshotEnd { blocks: 128 }),
        "03 1a  80 01",
    );
}
