//! The messages of event connections.

use heapbeacon_shared::trace::{Address, Cut, Ending, Reason, Record};
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

#[test]
fn ending() {
    let ending = Ending {
        reason: Reason::OutOfMemory,
        time_us: 300,
        task: Some(super::name("net")),
        message: "full".try_into().expect("it fits"),
        frames: [128, 5].map(Address).into_iter().collect(),
        cut: Some(Cut::Driver),
        free: Some(64),
        largest_free_block: None,
    };
    assert_golden(
        Message::Ending(ending),
        "17 1b  02  ac 02  01 03 6e 65 74  04 66 75 6c 6c  02 80 01 05  01 01  01 40  00",
    );
    assert_golden(
        Message::Ending(Ending::default()),
        "09 1b  00  00  00  00  00  00  00  00",
    );
}

#[test]
fn log() {
    let line = "joined".try_into().expect("it fits");
    assert_golden(Message::Log(line), "08 1c  06 6a 6f 69 6e 65 64");
}
