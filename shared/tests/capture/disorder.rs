//! Captures whose messages are out of order, come twice, or belong to several traces.

use heapbeacon_shared::capture::{Capture, CaptureReader, survivors};
use heapbeacon_shared::trace::{Address, Record};
use heapbeacon_shared::wire::{Free, Header, Message};

use crate::messages::{SECOND, counters, freed, header, messages, record, stack, stream};
use crate::read;

/// A block with an address of its own.
fn block(second: u64, address: u64, stack: u32) -> Message {
    Message::Record(Record {
        seq: second * SECOND,
        address: Address(address),
        size: 8,
        stack,
        ..Record::default()
    })
}

fn freed_at(second: u64, address: u64) -> Message {
    Message::Freed(Free {
        seq: second * SECOND,
        address: Address(address),
        time: (second + 1) * SECOND,
        ..Free::default()
    })
}

fn header_of(boot_id: u32, trace_id: u32) -> Message {
    Message::Header(Header {
        tick_hz: 1_000_000,
        boot_id,
        trace_id,
        ..Header::default()
    })
}

fn held(capture: &Capture) -> Vec<(u32, u64)> {
    let leaks = capture.leaks.leaks.iter();
    leaks.map(|leak| (leak.stack.id, leak.count)).collect()
}

#[test]
fn any_two_messages_behind_the_header_may_change_places() {
    let whole = read(&stream(&messages())).expect("readable");
    let len = messages().len();
    for first in 1..len {
        for second in first + 1..len {
            let mut swapped = messages();
            swapped.swap(first, second);
            let capture = read(&stream(&swapped)).expect("readable");
            let case = format!("{first} and {second}");
            assert_eq!(held(&capture), held(&whole), "{case}");
            assert_eq!(capture.records, whole.records, "{case}");
            assert_eq!(capture.loss, whole.loss, "{case}");
        }
    }
}

#[test]
fn a_free_before_its_record_frees_it() {
    let swapped = [counters(), stack(1, 0), freed_at(20, 64), block(20, 64, 1)];
    let capture = read(&stream(&swapped)).expect("readable");
    assert_eq!(held(&capture), []);
    assert!(capture.records[0].freed);
    assert_eq!(capture.records[0].freed_time_us, Some(21 * SECOND));
    assert!(!capture.loss.is_incomplete());
}

#[test]
fn a_free_whose_record_never_comes_is_counted_and_the_list_is_not_complete() {
    for stray in [freed_at(30, 64), freed_at(20, 65)] {
        let messages = [counters(), stack(1, 0), block(20, 64, 1), stray];
        let capture = read(&stream(&messages)).expect("readable");
        assert_eq!(held(&capture), [(1, 1)]);
        assert_eq!(capture.loss.unplaced_frees, 1);
        assert!(capture.loss.is_incomplete());
    }
    // Where there was no record on the device, either, nothing is missing.
    let messages = [counters(), stack(1, 0), freed(0, 9)];
    let capture = read(&stream(&messages)).expect("readable");
    assert!(!capture.loss.is_incomplete());
}

#[test]
fn a_block_ends_when_its_address_is_handed_out_again() {
    let messages = [
        counters(),
        stack(1, 0),
        block(40, 64, 1),
        block(20, 64, 1),
        block(30, 64, 1),
        freed_at(30, 64),
        block(50, 96, 1),
    ];
    let capture = read(&stream(&messages)).expect("readable");
    let freed: Vec<_> = capture
        .records
        .iter()
        .map(|record| record.freed_time_us.map(|us| us / SECOND))
        .collect();
    assert_eq!(freed, [Some(30), Some(31), None, None]);
    assert_eq!(held(&capture), [(1, 2)]);
    assert_eq!(capture.loss.reused_addresses, 1);
    assert!(!capture.loss.is_incomplete());
}

#[test]
fn a_record_that_comes_twice_is_one_block() {
    let mut twice = messages();
    twice.extend(messages().into_iter().skip(10));
    let capture = read(&stream(&twice)).expect("readable");
    let whole = read(&stream(&messages())).expect("readable");
    assert_eq!(capture.records, whole.records);
    assert_eq!(held(&capture), held(&whole));
}

#[test]
fn times_are_right_wherever_the_header_stands() {
    let header = Message::Header(Header {
        tick_hz: 1_000,
        ..Header::default()
    });
    let messages = [record(20, 8, 1), header];
    let mut reader = CaptureReader::new();
    reader.take_page(&stream(&messages)).expect("complete");
    let (records, _) = reader.into_records();
    assert_eq!(records[0].time_us, 20_000 * SECOND);
}

#[test]
fn a_capture_from_before_its_newest_record_was_taken_when_that_was() {
    let mut messages = messages();
    // The clock stepped back: the counters say second 60.
    messages.push(record(114, 8, 1));
    let capture = read(&stream(&messages)).expect("readable");
    assert_eq!(capture.trace.summary.time_us, 114 * SECOND);
    assert_eq!(capture.device.uptime_us, 114 * SECOND);
    let newest = survivors(&capture).pop().expect("there are moments");
    assert_eq!(newest.held.iter().map(|held| held.count).sum::<u64>(), 5);
}

#[test]
fn of_joined_captures_the_last_is_shown_and_that_is_said() {
    let of = |boot_id, trace_id, second| {
        let header = header_of(boot_id, trace_id);
        stream(&[header, counters(), stack(1, 0), block(second, 64, 1)])
    };
    // Another trace, another boot, and the same trace once more.
    for (boot_id, trace_id) in [(1, 4), (2, 3), (1, 3)] {
        let last = of(boot_id, trace_id, 30);
        let alone = read(&last).expect("readable");
        let joined = [of(1, 3, 20), of(7, 7, 25), last].concat();
        for piece in [1, 7, joined.len()] {
            let mut reader = CaptureReader::new();
            let mut pieces = joined.chunks(piece);
            pieces
                .try_for_each(|piece| reader.push(piece))
                .expect("readable");
            let mut capture = reader.finish().expect("readable");
            assert_eq!(capture.loss.other_captures, 2);
            assert!(!capture.loss.is_incomplete(), "{:?}", capture.loss);
            capture.loss.other_captures = 0;
            assert_eq!(capture, alone);
        }
    }
}

#[test]
fn joined_captures_never_add_up_whatever_of_the_second_is_damaged() {
    let first = stream(&messages());
    let second = stream(&messages());
    for end in 1..=second.len() {
        let joined = [first.as_slice(), &second[..end]].concat();
        let capture = read(&joined).expect("readable");
        assert!(capture.records.len() <= 5, "cut at {end}");
    }
    for place in 0..second.len() {
        let mut damaged = second.clone();
        damaged[place] ^= 0xff;
        let capture = read(&[first.as_slice(), &damaged].concat()).expect("readable");
        assert!(capture.records.len() <= 5, "damaged at {place}");
        let live: u64 = held(&capture).iter().map(|(_, count)| count).sum();
        assert!(live <= 5, "damaged at {place}");
    }
}

#[test]
fn a_second_capture_that_breaks_off_is_said_to() {
    let second = stream(&messages());
    let joined = [stream(&messages()), second[..second.len() - 4].to_vec()].concat();
    let loss = read(&joined).expect("readable").loss;
    assert!(loss.is_cut_off && loss.other_captures == 1, "{loss:?}");
    // A beginning of which nothing can be shown leaves the first one.
    let joined = [stream(&messages()), stream(&[header()])].concat();
    let loss = read(&joined).expect("readable").loss;
    assert_eq!(loss.other_captures, 0);
    assert!(!loss.is_cut_off);
}

#[test]
fn the_heap_of_joined_captures_is_counted_once() {
    let one = messages();
    let twice: Vec<_> = one.iter().chain(&one).cloned().collect();
    let regions = |messages: &[Message]| read(&stream(messages)).expect("readable").heap.regions;
    assert_eq!(regions(&twice), regions(&one));
}
