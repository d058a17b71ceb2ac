//! Who holds what, and what passes, as a stream of events tells it.

use heapbeacon_shared::analysis::{Lived, Traffic};
use heapbeacon_shared::capture::Streamed;
use heapbeacon_shared::trace::{Address, Period, Record, Stack, Summary, Task, Unrecorded, name};
use heapbeacon_shared::wire::*;

const SECOND: u64 = 1_000_000;

/// A connection of which a test says what happens.
#[derive(Default)]
struct Connection {
    streamed: Streamed,
    now: u64,
}

impl Connection {
    fn allocate(&mut self, address: u64, size: u64, stack: u32) {
        self.now += 1;
        self.tell(Event::Allocated(record(self.now, address, size, stack)));
    }

    fn free(&mut self, address: u64) {
        self.tell(Event::Freed(FreedBlock {
            time: self.now,
            address: Address(address),
            stack: None,
        }));
    }

    fn tell(&mut self, event: Event) {
        self.streamed.take(Message::Events(events(&[event])));
    }
}

fn record(seq: u64, address: u64, size: u64, stack: u32) -> Record {
    Record {
        seq,
        address: Address(address),
        size,
        stack,
        ..Record::default()
    }
}

fn events(events: &[Event]) -> Events {
    let mut writer = EventWriter::default();
    assert!(events.iter().all(|event| writer.push(event)));
    writer.take()
}

#[test]
fn a_block_is_temporary_that_is_freed_within_one_further_allocation() {
    let mut connection = Connection::default();
    connection.allocate(0x10, 24, 1);
    connection.free(0x10);
    connection.allocate(0x20, 24, 1);
    connection.allocate(0x30, 100, 2);
    connection.free(0x20);
    connection.allocate(0x40, 24, 1);
    connection.allocate(0x50, 24, 2);
    connection.free(0x30);
    let traffic = connection.streamed.traffic();
    assert_eq!((traffic.temporary, traffic.through(1).temporary), (2, 2));
    assert_eq!(traffic.most_temporary(9), [(1, 2)]);
    assert_eq!(
        (traffic.through(2).allocations, traffic.through(2).frees),
        (2, 1)
    );
    let sizes: Vec<_> = traffic.sizes.buckets().map(|(_, count)| count).collect();
    assert_eq!(sizes, [4, 0, 1]);
    assert_eq!(traffic.sizes.median(), Some(16..=31));
    assert_eq!(traffic.lifetimes.total(), 3);
}

#[test]
fn blocks_of_all_mode_tell_of_traffic_what_their_stream_would() {
    let mut connection = Connection::default();
    let mut records = Vec::new();
    // A block lives until so many others were allocated.
    for (index, lives) in [0u64, 1, 2, 0, 5, 1, 1, 9, 0].into_iter().enumerate() {
        connection.allocate(0x100 * index as u64, 8, index as u32 % 2);
        records.push((connection.now, lives, index));
        for (born, lives, index) in &records {
            if born + lives == connection.now {
                connection.free(0x100 * *index as u64);
            }
        }
    }
    let last = connection.now;
    let record = |(time_us, lives, index): (u64, u64, usize)| Lived {
        time_us,
        size: 8,
        stack: index as u32 % 2,
        freed_us: Some(time_us + lives).filter(|freed| *freed <= last),
    };
    let records: Vec<_> = records.into_iter().map(record).collect();
    let told = Traffic::of(&records);
    assert_eq!(told.temporary, connection.streamed.traffic().temporary);
    assert_eq!(told.lifetimes, connection.streamed.traffic().lifetimes);
    assert!(told.temporary > 3 && told.temporary < told.lifetimes.total());
}

#[test]
fn who_holds_what_is_told_as_the_list_of_leaks_tells_it() {
    let mut connection = Connection::default();
    let task = Task {
        id: 4,
        name: "net".try_into().expect("short"),
        ..Task::default()
    };
    connection.streamed.take(Message::Task(task));
    for id in [1, 2] {
        let mut stack = Stack {
            id,
            task: 4,
            longest_lifetime_us: 2,
            ..Stack::default()
        };
        stack
            .frames
            .push(0x4200_0000 + u64::from(id))
            .expect("room");
        connection.streamed.take(Message::Stack(stack));
    }
    for place in 0..10 {
        connection.allocate(0x10 * place, 8, 1);
    }
    connection.allocate(0x1000, 500, 2);
    connection.free(0);
    let page = connection.streamed.leaks();
    assert_eq!((page.total, page.leaks.len()), (2, 2));
    assert_eq!((page.leaks[0].stack.id, page.leaks[0].bytes), (2, 500));
    let small = &page.leaks[1];
    assert_eq!((small.count, small.bytes), (9, 72));
    assert_eq!((small.oldest_us, small.newest_us), (2, 10));
    assert_eq!(small.stack.task.as_deref(), Some("net"));
    assert_eq!((small.stack.allocations, small.stack.frees), (10, 1));
    // The freed one lived for ten microseconds.
    assert_eq!(small.stack.longest_lifetime_us, 10);
    assert_eq!(small.outlived.count, 0);
    let births: u32 = small.births.counts.iter().sum();
    assert_eq!(births, 9);
}

#[test]
fn what_was_dropped_is_in_doubt_until_all_live_blocks_were_named() {
    let mut connection = Connection {
        now: SECOND,
        ..Connection::default()
    };
    connection.allocate(0x10, 8, 1);
    assert_eq!(connection.streamed.leaks().period.doubtful_until_us, 0);
    let dropped = Message::Dropped(Dropped { events: 7 });
    connection.streamed.take(dropped);
    let page = connection.streamed.leaks();
    assert_eq!(page.period.doubtful_until_us, SECOND + 1);
    assert_eq!(connection.streamed.dropped(), 7);
    let until = SECOND + 5;
    connection
        .streamed
        .take(Message::Snapshot(Snapshot { until }));
    let live = events(&[Event::Allocated(record(SECOND + 3, 0x20, 16, 2))]);
    connection.streamed.take(Message::Live(live));
    connection
        .streamed
        .take(Message::SnapshotEnd(SnapshotEnd { blocks: 1 }));
    assert!(connection.streamed.is_complete());
    let page = connection.streamed.leaks();
    assert_eq!(page.period.doubtful_until_us, 0);
    // The first block is gone, unseen.
    assert_eq!((page.total, page.leaks[0].bytes), (1, 16));
    // What was found to be live did not happen just now.
    assert_eq!(connection.streamed.events(), 1);
}

#[test]
fn the_time_that_is_known_begins_with_the_trace_only_where_all_live_blocks_were_named() {
    let mut connection = Connection::default();
    let period = Period {
        started_us: 3,
        time_us: 9 * SECOND,
        ..Period::default()
    };
    let summary = Summary {
        time_us: 9 * SECOND,
        ..Summary::default()
    };
    connection.streamed.take(Message::Counters(summary));
    connection.streamed.take(Message::Period(period));
    assert_eq!(connection.streamed.leaks().period.started_us, 9 * SECOND);
    connection
        .streamed
        .take(Message::Snapshot(Snapshot::default()));
    connection
        .streamed
        .take(Message::SnapshotEnd(SnapshotEnd::default()));
    assert_eq!(connection.streamed.leaks().period.started_us, 3);
}

#[test]
fn another_trace_begins_anew_and_a_header_of_the_same_does_not() {
    let mut connection = Connection::default();
    let header = |trace_id| {
        Message::Header(Header {
            trace_id,
            tick_hz: 1_000_000,
            ..Header::default()
        })
    };
    connection.streamed.take(header(1));
    connection.allocate(0x10, 8, 1);
    connection.streamed.take(header(1));
    assert_eq!(connection.streamed.leaks().total, 1);
    connection.streamed.take(header(2));
    let page = connection.streamed.leaks();
    assert_eq!((page.trace_id, page.total), (2, 0));
    assert_eq!(connection.streamed.traffic(), &Traffic::default());
}

#[test]
fn call_stacks_whose_ids_fall_take_no_longer_than_those_whose_ids_rise() {
    // With a list in the order of ids, a hundred thousand of them would take minutes.
    let blocks: Vec<_> = (0..200_000)
        .rev()
        .map(|stack| Lived {
            stack,
            ..Lived::default()
        })
        .collect();
    let traffic = Traffic::of(&blocks);
    assert_eq!(traffic.through(7).allocations, 1);
}

#[test]
fn during_a_pause_nothing_becomes_older() {
    let mut connection = Connection::default();
    let stack = Stack {
        id: 1,
        longest_lifetime_us: SECOND,
        ..Stack::default()
    };
    connection.streamed.take(Message::Stack(stack));
    connection.allocate(0x10, 8, 1);
    let pause = Unrecorded {
        from_us: SECOND,
        until_us: None,
    };
    let period = Period {
        time_us: 60 * SECOND,
        unrecorded: [pause].into_iter().collect(),
        ..Period::default()
    };
    connection.streamed.take(Message::Period(period));
    assert_eq!(connection.streamed.leaks().leaks[0].outlived.count, 0);
}

#[test]
fn live_and_freed_blocks_are_told_as_records_in_the_order_of_their_allocation() {
    let mut connection = Connection::default();
    let task = Task {
        id: 4,
        name: name("net"),
        ..Task::default()
    };
    connection.streamed.take(Message::Task(task));
    for id in [1, 2] {
        let stack = Stack {
            id,
            task: 4,
            ..Stack::default()
        };
        connection.streamed.take(Message::Stack(stack));
    }
    connection.allocate(0x30, 8, 1);
    connection.allocate(0x20, 16, 2);
    connection.allocate(0x10, 24, 1);
    connection.tell(Event::Freed(FreedBlock {
        time: 9,
        address: Address(0x20),
        stack: Some(2),
    }));
    let records = connection.streamed.records();
    let told = records
        .iter()
        .map(|it| (it.seq, it.size, it.freed_time_us, it.freed_stack));
    let expected = [
        (1, 8, None, None),
        (2, 16, Some(9), Some(2)),
        (3, 24, None, None),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert!(records[1].freed && !records[0].freed);
    assert!(records.iter().all(|it| it.task.as_deref() == Some("net")));
    let stacks = connection.streamed.stacks();
    assert_eq!(
        stacks.iter().map(|stack| stack.id).collect::<Vec<_>>(),
        [1, 2]
    );
}

#[test]
fn of_many_freed_blocks_the_latest_are_remembered() {
    let mut connection = Connection::default();
    for block in 0..4_106 {
        connection.allocate(block, 8, 1);
        connection.free(block);
    }
    connection.allocate(0x10, 8, 1);
    let records = connection.streamed.records();
    assert_eq!(records.len(), 4_097);
    assert_eq!((records[0].seq, records[0].freed), (11, true));
    assert!(!records[4_096].freed);
}
