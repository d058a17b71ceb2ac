//! What a capture says, whole or damaged, and what its pages add up to.

mod disorder;
mod history;
mod messages;
mod references;
mod turns;

use heapbeacon_shared::analysis::Snapshot;
use heapbeacon_shared::api::Warning;
use heapbeacon_shared::capture::{Capture, CaptureError, CaptureReader, Loss, Page, survivors};
use heapbeacon_shared::trace::{
    self, Address, BuildId, Failure, Mark, MissedFrees, Origin, State, WrongFreeKind,
};
use heapbeacon_shared::wire::{Header, Message};

use messages::*;

pub(crate) fn read(bytes: &[u8]) -> Result<Capture, CaptureError> {
    let mut reader = CaptureReader::new();
    reader.push(bytes)?;
    reader.finish()
}

fn refusal(bytes: &[u8]) -> String {
    read(bytes).expect_err("it is refused").to_string()
}

#[test]
fn a_capture_says_which_device_it_is_of_and_when_it_was_taken() {
    let capture = read(&stream(&messages())).expect("readable");
    assert_eq!(capture.device.name, "lamp");
    assert_eq!(capture.device.build_id.text(), "ab01");
    assert_eq!(capture.device.uptime_us, 60 * SECOND);
    assert_eq!(capture.trace.trace_id, 3);
    assert_eq!(capture.trace.summary.state, State::Recording);
    assert_eq!(capture.trace.total_frees, 3);
    assert_eq!(capture.trace.summary.gaps, 7);
    assert_eq!(capture.trace.summary.doubtful_until_us, 20 * SECOND);
    let messages = capture.loss.messages;
    let nothing = Loss {
        messages,
        ..Loss::default()
    };
    assert_eq!(capture.loss, nothing);
}

#[test]
fn regions_keep_their_origin_and_get_their_samples() {
    let regions = read(&stream(&messages())).expect("readable").heap.regions;
    assert_eq!(regions[0].used, 400);
    assert_eq!(regions[0].fragmentation, 50);
    assert_eq!(regions[1].origin, Origin::Agent);
}

#[test]
fn live_blocks_are_summed_up_by_call_stack_and_freed_ones_are_not() {
    let capture = read(&stream(&messages())).expect("readable");
    let leaks = &capture.leaks.leaks;
    let sums: Vec<_> = leaks
        .iter()
        .map(|leak| (leak.stack.id, leak.bytes, leak.count))
        .collect();
    assert_eq!(sums, [(2, 700, 1), (1, 300, 3)]);
    assert_eq!(leaks[1].oldest_us, 20 * SECOND);
    assert_eq!(leaks[1].newest_us, 40 * SECOND);
    assert_eq!(leaks[1].stack.task, Some(name("net")));
    assert_eq!(leaks[0].stack.origin, Origin::Driver);
}

#[test]
fn a_record_knows_its_task_and_who_freed_it_and_when() {
    let records = read(&stream(&messages())).expect("readable").records;
    assert_eq!(records.len(), 5);
    assert_eq!(records[2].task, Some(name("wifi")));
    assert!(records[2].freed);
    assert_eq!(records[2].freed_time_us, Some(36 * SECOND));
    assert_eq!(records[2].freed_stack, Some(2));
}

#[test]
fn times_in_other_ticks_become_microseconds() {
    let mut messages = messages();
    messages[0] = Message::Header(Header {
        tick_hz: 1_000,
        ..Header::default()
    });
    let capture = read(&stream(&messages)).expect("readable");
    assert_eq!(capture.trace.summary.time_us, 60_000 * SECOND);
    assert_eq!(capture.records[0].time_us, 20_000 * SECOND);
}

#[test]
fn marks_are_in_the_order_of_time_and_numbered_anew() {
    let mark = |time_us, text| {
        Message::Mark(Mark {
            time_us,
            name: name(text),
            ..Mark::default()
        })
    };
    let mut messages = messages();
    messages.extend([mark(9, "later"), mark(7, "first")]);
    let marks = read(&stream(&messages)).expect("readable").marks;
    let read: Vec<_> = marks
        .iter()
        .map(|mark| (mark.id, mark.time_us, mark.name.as_str()))
        .collect();
    assert_eq!(read, [(1, 7, "first"), (2, 9, "later")]);
    // A stream that names a thousand leaves the newest.
    messages.extend((0..1000).map(|time_us| mark(1000 - time_us, "many")));
    let marks = read_marks(&messages);
    assert_eq!((marks.len(), marks[0].time_us), (64, 937));
}

fn read_marks(messages: &[Message]) -> Vec<Mark> {
    read(&stream(messages)).expect("readable").marks
}

#[test]
fn the_latest_failures_are_kept() {
    let failed = |size| {
        Message::FailedAllocation(Failure {
            size,
            ..Failure::default()
        })
    };
    let messages: Vec<_> = [counters()]
        .into_iter()
        .chain((0..10).map(failed))
        .collect();
    let failures = read(&stream(&messages))
        .expect("readable")
        .heap
        .recent_failures;
    assert_eq!(failures.first().map(|failure| failure.size), Some(2));
    assert_eq!(failures.last().map(|failure| failure.size), Some(9));
}

#[test]
fn pieces_of_any_size_are_the_same_capture() {
    let bytes = stream(&messages());
    let whole = read(&bytes);
    for size in [1, 7, 64] {
        let mut reader = CaptureReader::new();
        bytes
            .chunks(size)
            .for_each(|piece| reader.push(piece).expect("readable"));
        assert_eq!(reader.finish(), whole, "pieces of {size}");
    }
}

#[test]
fn pages_of_records_add_up_and_a_page_that_is_cut_off_is_no_page() {
    let mut reader = CaptureReader::new();
    let first = stream(&[
        header(),
        task(1, "net", Origin::Application),
        stack(1, 1),
        record(20, 8, 1),
        Message::Page(heapbeacon_shared::wire::Page {
            next: Some(20 * SECOND),
        }),
    ]);
    assert_eq!(reader.take_page(&first), Ok(Page::Same(Some(20 * SECOND))));
    let second = stream(&[header(), stack(2, 0), record(30, 8, 2), freed(30, 31)]);
    assert_eq!(
        reader.take_page(&second[..second.len() - 1]),
        Ok(Page::Other)
    );
    let mut reader = CaptureReader::new();
    reader.take_page(&first).expect("complete");
    assert_eq!(reader.take_page(&second), Ok(Page::Same(None)));
    let (records, stacks) = reader.into_records();
    assert_eq!((records.len(), stacks.len()), (2, 2));
    assert!(records[1].freed && !records[0].freed);
}

#[test]
fn nothing_is_taken_of_a_page_of_another_trace_or_of_another_boot() {
    let of = |boot_id, trace_id, second| {
        let header = Header {
            tick_hz: 1_000_000,
            boot_id,
            trace_id,
            ..Header::default()
        };
        stream(&[Message::Header(header), stack(1, 0), record(second, 8, 1)])
    };
    for (boot_id, trace_id) in [(1, 4), (2, 3)] {
        let mut reader = CaptureReader::new();
        reader.take_page(&of(1, 3, 20)).expect("complete");
        assert_eq!(
            reader.take_page(&of(boot_id, trace_id, 30)),
            Ok(Page::Other)
        );
        assert_eq!((reader.records(), reader.trace_id()), (1, 3));
    }
}

#[test]
fn what_a_stack_holds_is_told_by_the_time_of_its_allocations() {
    let capture = read(&stream(&messages())).expect("readable");
    let moments = survivors(&capture);
    let held = |moment: &Snapshot| {
        let held = moment.held.iter().find(|held| held.stack == 1);
        held.map(|held| (held.bytes, held.count))
    };
    assert_eq!(
        moments.first().map(|moment| moment.time_us),
        Some(10 * SECOND)
    );
    assert_eq!(moments.first().and_then(held), Some((0, 0)));
    assert_eq!(
        moments.last().map(|moment| moment.time_us),
        Some(60 * SECOND)
    );
    assert_eq!(moments.last().and_then(held), Some((300, 3)));
    let bytes = moments.iter().filter_map(held).map(|(bytes, _)| bytes);
    assert!(bytes.is_sorted());
}

#[test]
fn an_empty_file_a_foreign_one_and_one_of_a_newer_version_are_told_apart() {
    assert!(refusal(b"").contains("empty"));
    assert!(refusal(b"\x7fELF\x02\x01\x01\0").contains("not a HeapBeacon capture"));
    assert!(refusal(b"\0HB").contains("not a HeapBeacon capture"));
    let newer = refusal(b"\0HBC\x09\0\x02\x0a\x01");
    assert!(
        newer.contains("version 9") && newer.contains("newer"),
        "{newer}"
    );
}

#[test]
fn a_beginning_without_anything_of_the_trace_is_refused() {
    let bytes = stream(&[header()]);
    assert!(refusal(&bytes[..bytes.len() - 3]).contains("nothing of the trace"));
    let noise = [b"\0HBC\x01\0".as_slice(), &[0x55; 4_096]].concat();
    assert!(refusal(&noise).contains("nothing of the trace"));
}

#[test]
fn a_capture_that_is_cut_off_anywhere_is_shown_with_a_warning_or_refused() {
    let bytes = stream(&messages());
    for end in 0..bytes.len() {
        if let Ok(capture) = read(&bytes[..end]) {
            assert!(capture.loss.is_cut_off, "cut at {end}");
        }
    }
    let last_record = read(&bytes[..bytes.len() - 4]).expect("readable");
    assert_eq!(last_record.records.len(), 4);
}

#[test]
fn a_damaged_capture_is_shown_with_what_is_missing() {
    // Enough messages for a second preamble, from which reading goes on.
    let mut messages = messages();
    messages.extend((60..200).map(|second| record(second, 10, 1)));
    let mut bytes = stream(&messages);
    bytes[300..310].fill(0);
    let capture = read(&bytes).expect("readable");
    let Loss {
        skipped_bytes,
        lost_messages,
        ..
    } = capture.loss;
    assert!(skipped_bytes > 0 && lost_messages > 0, "{:?}", capture.loss);
    assert!(capture.records.len() > 50 && capture.records.len() < 145);
}

#[test]
fn damage_at_any_place_is_read_or_refused_without_a_panic() {
    let bytes = stream(&messages());
    for place in 0..bytes.len() {
        for damage in [0, 0x7f, 0xff] {
            let mut damaged = bytes.clone();
            damaged[place] = damage;
            if let Ok(capture) = read(&damaged) {
                assert!(!survivors(&capture).is_empty());
            }
        }
    }
}

#[test]
fn without_counters_the_records_are_added_up_and_that_is_said() {
    let mut messages = messages();
    messages.retain(|message| !matches!(message, Message::Counters(_) | Message::Header(_)));
    let capture = read(&stream(&messages)).expect("readable");
    assert!(capture.loss.lacks_counters && capture.loss.lacks_device);
    assert_eq!(capture.trace.summary.live_count, 4);
    assert_eq!(capture.trace.summary.live_bytes, 1_000);
    assert_eq!(capture.trace.summary.time_us, 50 * SECOND);
    assert!(capture.trace.trace_id > 0, "it was started");
}

#[test]
fn a_record_whose_call_stack_is_lost_is_kept() {
    let capture = read(&stream(&[counters(), record(20, 8, 77)])).expect("readable");
    assert_eq!(capture.leaks.leaks[0].stack.id, 77);
    assert_eq!(capture.stacks.len(), 1);
}

#[test]
fn a_capture_of_a_firmware_without_frame_pointers_and_build_id_says_so() {
    let capture = read(&stream(&messages())).expect("it is a capture");
    assert!(capture.device.warnings.is_empty());

    let mut lacking = messages();
    for message in &mut lacking {
        match message {
            Message::Header(header) => header.build_id = BuildId::default(),
            Message::Stack(stack) => stack.frames.clear(),
            _ => {}
        }
    }
    let capture = read(&stream(&lacking)).expect("it is a capture");
    let expected = [Warning::NoFramePointers, Warning::NoBuildId];
    assert_eq!(capture.device.warnings, expected);
}

#[test]
fn call_stacks_that_were_lost_are_not_taken_for_empty_ones() {
    let mut lost = messages();
    lost.retain(|message| !matches!(message, Message::Stack(_)));
    let capture = read(&stream(&lost)).expect("it is a capture");
    assert!(capture.device.warnings.is_empty());
}

#[test]
fn wrong_and_missed_frees_are_those_of_the_trace() {
    let wrong = |second: u64| {
        Message::WrongFree(trace::WrongFree {
            time_us: second * SECOND,
            kind: WrongFreeKind::Double,
            address: Address(64),
            block: Address(64),
            owner: Some(1),
            freed_by: Some(2),
            first_freed_by: None,
        })
    };
    let missed = MissedFrees {
        frees: 3,
        bytes: 30,
    };
    let mut messages = messages();
    messages.push(Message::MissedFrees(missed));
    messages.extend((31..=35).map(wrong));
    let trace = read(&stream(&messages)).expect("readable").trace;
    assert_eq!(
        (trace.summary.missed_frees, trace.summary.missed_freed_bytes),
        (3, 30)
    );
    let listed = trace.recent_wrong_frees.iter();
    let times: Vec<_> = listed.clone().map(|wrong| wrong.time_us / SECOND).collect();
    assert_eq!(times, [32, 33, 34, 35]);
    let kinds = listed.map(|wrong| {
        (
            wrong.kind,
            wrong.owner,
            wrong.freed_by,
            wrong.first_freed_by,
        )
    });
    assert!(
        kinds
            .into_iter()
            .all(|kind| kind == (WrongFreeKind::Double, Some(1), Some(2), None))
    );
}
