//! What each format says of a capture, read as those do who read it.

mod binary;
mod golden;
mod made;
mod protos;
mod textual;

use heapbeacon_shared::capture::CaptureError;
use heapbeacon_shared::export::{Amount, Format, ReadError, Recording};
use heapbeacon_shared::trace::{Address, Frames, Record, Stack, Task};
use heapbeacon_shared::wire::{Free, HeapRegion, Message, Sample};

use made::*;

/// What all captures of these tests come to.
pub(crate) const LIVE: Amount = Amount {
    count: 3,
    bytes: 1_132,
};
pub(crate) const ALLOCATED: Amount = Amount {
    count: 6,
    bytes: 1_404,
};

/// Each capture that says the same, by name.
pub(crate) fn captures() -> [(&'static str, Vec<u8>); 2] {
    [("all mode", all_mode()), ("events", events())]
}

#[test]
fn sums_are_those_of_the_capture_however_it_tells_them() {
    for (name, bytes) in captures() {
        let recording = recording(&bytes).expect("readable");
        let sums = recording.sums();
        assert_eq!((sums.live, sums.allocated), (LIVE, ALLOCATED), "{name}");
        let shown = shown(&bytes);
        assert_eq!(shown.records.len() as u64, sums.allocated.count, "{name}");
        for stack in recording.stacks() {
            let leaks = &shown.leaks.leaks;
            let leak = leaks.iter().find(|leak| leak.stack.id == stack.stack.id);
            let (count, bytes) = leak.map_or((0, 0), |leak| (leak.count, leak.bytes));
            assert_eq!(stack.sums.live, Amount { count, bytes }, "{name}");
        }
    }
}

#[test]
fn a_block_whose_address_is_handed_out_again_has_ended() {
    let again = |born: u64| {
        Message::Record(Record {
            seq: born,
            address: Address(0x1000),
            size: 8,
            stack: 1,
            ..Default::default()
        })
    };
    let bytes = stream(&[again(1), again(2), again(3)]);
    let sums = *recording(&bytes).expect("readable").sums();
    assert_eq!((sums.allocated.count, sums.live.count), (3, 1));
    assert_eq!(shown(&bytes).trace.summary.live_count, 1);
}

#[test]
fn of_several_captures_in_a_row_the_last_is_exported() {
    let bytes = [events(), empty(), all_mode(), b"\0HBC\x01\0".to_vec()].concat();
    let recording = recording(&bytes).expect("readable");
    assert_eq!(recording.sums().live, LIVE);
    assert_eq!(recording.loss().other_captures, 2);
    assert_eq!(
        text(&bytes, Format::Records),
        text(&all_mode(), Format::Records)
    );
}

#[test]
fn what_is_no_capture_is_refused_and_what_is_damaged_is_read_as_far_as_it_goes() {
    let refused = |bytes: &[u8]| recording(bytes).expect_err("it is refused");
    assert_eq!(refused(b""), ReadError::Capture(CaptureError::Empty));
    assert!(matches!(
        refused(b"PK\x03\x04"),
        ReadError::Capture(CaptureError::Refused(_))
    ));
    assert_eq!(
        refused(b"\0HBC\x01\0"),
        ReadError::Capture(CaptureError::NothingReadable)
    );
    let bytes = all_mode();
    let cut = recording(&bytes[..bytes.len() - 30]).expect("readable");
    assert!(cut.loss().is_cut_off && cut.sums().allocated.count < ALLOCATED.count);
}

/// Writes all formats of bytes that may be anything.
fn export_all(bytes: &[u8]) {
    let Ok(recording) = recording(bytes) else {
        return;
    };
    for format in Format::ALL {
        let written = recording.write(format, reader(bytes), |_| Ok(()));
        assert_eq!(written, Ok(()), "{format:?}");
    }
}

#[test]
fn whatever_the_damage_something_is_written() {
    for bytes in captures().map(|(_, bytes)| bytes) {
        for at in 0..bytes.len() {
            for value in [0, 0x7f, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                export_all(&damaged);
            }
        }
    }
}

#[test]
fn numbers_at_their_limits_are_written() {
    let record = |seq, address| Record {
        seq,
        address: Address(address),
        size: u64::MAX,
        stack: u32::MAX,
        ..Record::default()
    };
    let region = HeapRegion {
        start: Address(u64::MAX),
        size: u64::MAX,
        ..HeapRegion::default()
    };
    let sample = Sample {
        time: u64::MAX,
        region: u8::MAX,
        used: u64::MAX,
        ..Sample::default()
    };
    let free = Free {
        seq: 1,
        address: Address(1),
        time: u64::MAX,
        stack: Some(u32::MAX),
    };
    let stack = Stack {
        id: 7,
        frames: Frames::from_slice(&[0, u64::MAX]).expect("short"),
        ..Stack::default()
    };
    let other = Record {
        stack: 7,
        ..record(2, 2)
    };
    export_all(&stream(&[
        Message::Region(region.clone()),
        Message::Region(HeapRegion {
            start: Address(0),
            ..region
        }),
        Message::Stack(stack),
        Message::Record(record(1, 1)),
        Message::Freed(free),
        Message::Record(other),
        Message::Record(record(u64::MAX, u64::MAX)),
        Message::Sample(sample),
    ]));
}

#[test]
fn a_name_that_is_no_utf_8_costs_no_more_than_itself() {
    let task = Message::Task(Task {
        id: 9,
        name: name("broken"),
        ..Task::default()
    });
    let mut bytes = stream(&[task]);
    let at = bytes.windows(6).position(|text| text == b"broken");
    bytes[at.expect("it is there")] = 0xff;
    bytes.extend(all_mode());
    assert_eq!(recording(&bytes).expect("readable").sums().live, LIVE);
}

#[test]
fn errors_of_reading_and_writing_come_back_as_they_were() {
    let fails = |_: u64, _: &mut [u8]| Err::<usize, _>("unplugged");
    let error = Recording::read(fails).expect_err("it fails");
    assert_eq!(error, ReadError::Source("unplugged"));
    let bytes = all_mode();
    let recording = recording(&bytes).expect("readable");
    for format in Format::ALL {
        let written = recording.write(format, reader(&bytes), |_| Err("full".to_string()));
        assert_eq!(written, Err("full".into()), "{format:?}");
    }
    for format in [Format::Records, Format::Heaptrack, Format::Perfetto] {
        let fails = |_: u64, _: &mut [u8]| Err("unplugged");
        assert_eq!(
            recording.write(format, fails, |_| Ok(())),
            Err("unplugged"),
            "{format:?}"
        );
    }
}

#[test]
fn formats_are_known_by_their_names_and_others_are_told_which_there_are() {
    for format in Format::ALL {
        assert_eq!(format.name().parse(), Ok(format));
    }
    let sentence = "svg".parse::<Format>().expect_err("unknown").to_string();
    for format in Format::ALL {
        assert!(sentence.contains(format.name()), "{sentence}");
    }
}
