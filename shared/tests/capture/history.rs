//! How full the heap was before a capture was taken, and while it was.

use heapbeacon_shared::trace::{Level, Point};
use heapbeacon_shared::wire::{Header, Message, Sample};

use super::messages::*;
use super::read;

fn point(from: u64, until: u64, used: u64) -> Message {
    let level = |used| Level {
        used,
        free: 1_000 - used,
        ..Level::default()
    };
    Message::History(Point {
        from_us: from * SECOND,
        until_us: until * SECOND,
        regions: [used, 10].map(level).into_iter().collect(),
    })
}

fn sample_at(second: u64, region: u8, used: u64) -> Message {
    let Message::Sample(sample) = sample(region, used, 500) else {
        panic!("it is one");
    };
    let time = second * SECOND;
    Message::Sample(Sample { time, ..sample })
}

/// Returns when a capture says how much of the first region was used, in seconds, and how much.
fn used(told: &[Message]) -> Vec<(u64, u64)> {
    let history = read(&stream(told)).expect("readable").history;
    let used = history
        .iter()
        .map(|point| (point.until_us / SECOND, point.regions[0].used));
    used.collect()
}

#[test]
fn how_full_the_heap_was_is_told_by_the_device_and_behind_that_by_samples() {
    let mut told = messages();
    // The second one twice, as in a stream that was joined of two.
    told.extend([
        point(0, 2, 100),
        point(2, 4, 300),
        point(0, 2, 100),
        point(2, 4, 300),
    ]);
    assert_eq!(used(&told), [(2, 100), (4, 300)]);
    for (second, region, used) in [
        (3, 0, 250),
        (3, 1, 10),
        (6, 0, 500),
        (6, 1, 10),
        (8, 0, 600),
    ] {
        told.push(sample_at(second, region, used));
    }
    // One from before, and one of which a region is missing, say nothing new.
    assert_eq!(used(&told), [(2, 100), (4, 300), (6, 500)]);
}

/// A stream names regions once, and tells the past once, whatever traces begin while it goes on.
#[test]
fn another_trace_of_the_same_boot_has_the_heap_that_was_told_of_before() {
    let mut told = messages();
    told.extend([point(0, 2, 100), sample_at(6, 0, 500), sample_at(6, 1, 10)]);
    told.retain(|message| !matches!(message, Message::End(_)));
    let first = told[0].clone();
    let Message::Header(header) = &first else {
        panic!("it comes first");
    };
    let another = |boot_id| {
        let mut told = told.clone();
        told.push(Message::Header(Header {
            trace_id: header.trace_id + 1,
            boot_id,
            ..header.clone()
        }));
        told.extend(messages().into_iter().filter(|message| {
            !matches!(
                message,
                Message::Header(_) | Message::Region(_) | Message::Sample(_) | Message::Task(_)
            )
        }));
        told.extend([sample_at(8, 0, 600), sample_at(8, 1, 10)]);
        told
    };
    let same = another(header.boot_id);
    assert_eq!(used(&same), [(2, 100), (6, 500), (8, 600)]);
    let (before, now) = (read(&stream(&told)), read(&stream(&same)));
    let (before, now) = (before.expect("readable"), now.expect("readable"));
    assert_eq!(now.heap.regions.len(), before.heap.regions.len());
    assert_eq!(now.records[0].task, before.records[0].task);
    // Of another boot, nothing is known but what is told.
    assert_eq!(used(&another(header.boot_id + 1)), []);
}
