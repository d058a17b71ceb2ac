//! The bytes of every message, as version 1 wrote them. They never change: a reader of today must
//! open a capture of then. A new message or field gets a new test.

use heapbeacon_shared::trace::*;
use heapbeacon_shared::wire::*;

mod events;

const PREAMBLE: &[u8] = b"\0HBC\x01\0";

fn bytes_of(hex: &str) -> Vec<u8> {
    let byte = |digits| u8::from_str_radix(digits, 16).unwrap();
    hex.split_whitespace().map(byte).collect()
}

/// Asserts that `message` becomes the bytes `hex` (length and body), and they become it again.
#[track_caller]
fn assert_golden(message: Message, hex: &str) {
    let golden = [PREAMBLE, &bytes_of(hex)].concat();
    let mut buffer = [0; MAX_ENCODED];
    let encoded = Encoder::new().encode(&message, &mut buffer).unwrap();
    assert_eq!(encoded, golden, "{encoded:02x?}");
    let mut decoder = Decoder::new();
    decoder.push(&golden);
    assert_eq!(decoder.next(), Some(Ok(message)));
    assert_eq!(decoder.next(), None);
}

fn name(text: &str) -> heapbeacon_shared::trace::Name {
    text.try_into().unwrap()
}

#[test]
fn the_longest_message_is_its_preamble_two_bytes_of_length_and_the_longest_body() {
    assert_eq!(MAX_ENCODED, PREAMBLE.len() + 2 + 512);
}

#[test]
fn header() {
    let header = Header {
        build_id: BuildId::new(&[0xde, 0xad, 0xbe, 0xef]),
        board: name("esp32"),
        chip: name("c3"),
        device: name("lamp"),
        firmware: name("fw"),
        firmware_version: name("1.2"),
        pointer_bytes: 4,
        tick_hz: 1_000_000,
        boot_id: 0xffff_ffff,
        trace_id: 3,
    };
    let hex = "25 00  04 de ad be ef  05 65 73 70 33 32  02 63 33  04 6c 61 6d 70
        02 66 77  03 31 2e 32  04  c0 84 3d  ff ff ff ff 0f  03";
    assert_golden(Message::Header(header), hex);
}

#[test]
fn region() {
    for (origin, last) in [
        (Origin::Application, "00"),
        (Origin::Agent, "01"),
        (Origin::Driver, "02"),
    ] {
        let region = HeapRegion {
            name: name("DRAM"),
            start: Address(0x3fc8_0000),
            size: 0x1_0000,
            origin,
        };
        let hex = format!("0f 01  04 44 52 41 4d  80 80 a0 fe 03  80 80 04  {last}");
        assert_golden(Message::Region(region), &hex);
    }
}

#[test]
fn stack() {
    let stack = Stack {
        id: 300,
        task: 2,
        frames: Frames::from_slice(&[0x4200_1234, 0x42]).unwrap(),
        live_count: 1,
        live_bytes: 128,
        peak_live_bytes: 256,
        allocations: 5,
        frees: 4,
        evicted: 0,
        cut: Some(Cut::Driver),
        longest_lifetime_us: 130,
        allocated_bytes: 0,
    };
    let hex = "17 02  ac 02  02  02 b4 a4 80 90 04 42  01  80 01  80 02  05  04  00  01 01  82 01";
    assert_golden(Message::Stack(stack.clone()), hex);
    // Of an agent that did not know lifetimes.
    let older = "15 02  ac 02  02  02 b4 a4 80 90 04 42  01  80 01  80 02  05  04  00  01 01";
    let mut decoder = Decoder::new();
    decoder.push(&[PREAMBLE, &bytes_of(older)].concat());
    let longest_lifetime_us = 0;
    let told = Stack {
        longest_lifetime_us,
        ..stack
    };
    assert_eq!(decoder.next(), Some(Ok(Message::Stack(told))));
}

#[test]
fn period() {
    let gap = |from_us, until_us| Unrecorded { from_us, until_us };
    let period = Period {
        started_us: 1,
        time_us: 300,
        doubtful_until_us: 2,
        unrecorded: [gap(5, Some(6)), gap(7, None)].into_iter().collect(),
    };
    let hex = "0b 11  01  ac 02  02  02  05 01 06  07 00";
    assert_golden(Message::Period(period), hex);
}

#[test]
fn listed() {
    let listed = Listed { call_stacks: 300 };
    assert_golden(Message::Listed(listed), "03 13  ac 02");
}

#[test]
fn births() {
    let leak = Leak {
        stack: 300,
        count: 4,
        bytes: 128,
        oldest_us: 5,
        newest_us: 130,
        outlived: Outlived {
            count: 3,
            bytes: 96,
        },
        births: Births {
            from_us: 1,
            slice_us: 64,
            counts: [1, 0, 3].into_iter().collect(),
        },
    };
    let hex = "11 12  ac 02  04  80 01  05  82 01  03 60  01 40 03 01 00 03";
    assert_golden(Message::Births(leak), hex);
}

#[test]
fn record() {
    let record = Record {
        seq: 1_000_000,
        address: Address(0x3fc8_a120),
        size: 64,
        core: 1,
        stack: 300,
        ..Record::default()
    };
    let hex = "0d 03  c0 84 3d  a0 c2 a2 fe 03  40  01  ac 02";
    assert_golden(Message::Record(record), hex);
}

#[test]
fn record_with_the_largest_numbers() {
    let record = Record {
        seq: u64::MAX,
        address: Address(u64::MAX),
        size: u64::MAX,
        core: u8::MAX,
        stack: u32::MAX,
        ..Record::default()
    };
    let hex = "25 03  ff ff ff ff ff ff ff ff ff 01  ff ff ff ff ff ff ff ff ff 01
        ff ff ff ff ff ff ff ff ff 01  ff  ff ff ff ff 0f";
    assert_golden(Message::Record(record), hex);
}

#[test]
fn freed_with_and_without_a_stack() {
    let freed = Free {
        seq: 1,
        address: Address(0x3fc8_a120),
        time: 200,
        stack: Some(7),
    };
    assert_golden(
        Message::Freed(freed),
        "0b 04  01  a0 c2 a2 fe 03  c8 01  01 07",
    );
    let unmatched = Free {
        seq: 0,
        stack: None,
        ..freed
    };
    assert_golden(
        Message::Freed(unmatched),
        "0a 04  00  a0 c2 a2 fe 03  c8 01  00",
    );
}

#[test]
fn counters() {
    let counters = Summary {
        time_us: 128,
        started_us: 1,
        state: State::Recording,
        destination: Some(Destination::ToHost),
        mode: Some(Mode::Leaks),
        count: 2,
        capacity: 3,
        high_water_mark: 4,
        total_allocations: 5,
        total_allocated_bytes: 6,
        matched_frees: 7,
        matched_freed_bytes: 8,
        missed_frees: 0,
        missed_freed_bytes: 0,
        unmatched_frees: 9,
        unmatched_freed_bytes: 10,
        wrong_frees: 11,
        unchecked_frees: 12,
        evicted: 13,
        evicted_live: 14,
        evicted_live_bytes: 15,
        failed_allocations: 16,
        failed_bytes: 17,
        live_count: 18,
        live_bytes: 19,
        stack_count: 20,
        stack_capacity: 21,
        stacks_recycled: 22,
        other_allocations: 23,
        sent: 24,
        dropped: 25,
        gaps: 26,
        doubtful_until_us: 27,
    };
    let hex = "23 05  80 01  01  02  01 01  01 01  02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e
        0f 10 11 12 13 14 15 16 17 18 19 1a 1b";
    assert_golden(Message::Counters(counters), hex);
}

#[test]
fn counters_before_the_first_start() {
    let hex = format!("20 05{}", " 00".repeat(31));
    assert_golden(Message::Counters(Summary::default()), &hex);
}

#[test]
fn counters_in_every_state() {
    let in_state = |state, destination, mode| {
        Message::Counters(Summary {
            state,
            destination: Some(destination),
            mode: Some(mode),
            ..Summary::default()
        })
    };
    let zeros = " 00".repeat(26);
    let stopped = in_state(State::Stopped, Destination::Standalone, Mode::All);
    assert_golden(stopped, &format!("22 05 00 00 01 01 00 01 00{zeros}"));
    let paused = in_state(State::Paused, Destination::Standalone, Mode::All);
    assert_golden(paused, &format!("22 05 00 00 03 01 00 01 00{zeros}"));
}

#[test]
fn sample() {
    let sample = Sample {
        time: 128,
        region: 1,
        used: 1000,
        free: 2000,
        minimum_free: 1500,
        largest_free_block: 1024,
    };
    let hex = "0c 06  80 01  01  e8 07  d0 0f  dc 0b  80 08";
    assert_golden(Message::Sample(sample), hex);
}

#[test]
fn failed_allocation() {
    let failed = Failure {
        time_us: 128,
        size: 65_536,
        stack: 9,
        gave_reserve: false,
        left: None,
    };
    assert_golden(
        Message::FailedAllocation(failed),
        "07 07  80 01  80 80 04  09",
    );
}

#[test]
fn left() {
    let mut left = Left {
        free: 300,
        largest_free_block: Some(128),
    };
    assert_golden(Message::Left(left), "06 1d  ac 02  01 80 01");
    left.largest_free_block = None;
    assert_golden(Message::Left(left), "04 1d  ac 02  00");
}

#[test]
fn history() {
    let level = Level {
        used: 1000,
        least_used: 900,
        free: 2000,
        largest_free_block: 1024,
    };
    let mut point = Point {
        from_us: 128,
        until_us: 300,
        regions: [level, Level::default()].into_iter().collect(),
    };
    let hex = "12 1e  80 01  ac 02  02  e8 07  84 07  d0 0f  80 08  00 00 00 00";
    assert_golden(Message::History(point.clone()), hex);
    point.regions.clear();
    assert_golden(Message::History(point), "06 1e  80 01  ac 02  00");
}

#[test]
fn mark() {
    let mark = Mark {
        time_us: 128,
        name: name("vor dem Löten"),
        ..Mark::default()
    };
    let hex = "12 08  80 01  0e 76 6f 72 20 64 65 6d 20 4c c3 b6 74 65 6e";
    assert_golden(Message::Mark(mark), hex);
}

#[test]
fn dropped() {
    assert_golden(Message::Dropped(Dropped { events: 300 }), "03 09  ac 02");
}

#[test]
fn end() {
    assert_golden(Message::End(End { messages: 70 }), "02 0a  46");
}

#[test]
fn page() {
    assert_golden(Message::Page(Page { next: Some(300) }), "04 0c  01 ac 02");
    assert_golden(Message::Page(Page { next: None }), "02 0c  00");
}

#[test]
fn handed() {
    let handed = Handed {
        region: 1,
        blocks: 300,
        requested: 65_536,
    };
    assert_golden(Message::Handed(handed), "07 0f  01  ac 02  80 80 04");
}

#[test]
fn reserve() {
    let reserve = Reserve {
        size: 12_288,
        held: false,
        given: 2,
        given_us: Some(128),
    };
    assert_golden(Message::Reserve(reserve), "08 10  80 60  00  02  01 80 01");
    let held = Reserve {
        held: true,
        given: 0,
        given_us: None,
        ..reserve
    };
    assert_golden(Message::Reserve(held), "06 10  80 60  01  00  00");
}

#[test]
fn task() {
    for (origin, hex) in [
        (Origin::Application, "09 0b  80 01  04 77 69 66 69  00"),
        (Origin::Agent, "09 0b  80 01  04 77 69 66 69  01"),
        (Origin::Driver, "09 0b  80 01  04 77 69 66 69  02"),
    ] {
        let task = Task {
            id: 128,
            name: name("wifi"),
            origin,
        };
        assert_golden(Message::Task(task), hex);
    }
}

#[test]
fn missed_frees() {
    let missed = MissedFrees {
        frees: 3,
        bytes: 300,
    };
    assert_golden(Message::MissedFrees(missed), "04 0d  03  ac 02");
}

#[test]
fn wrong_free() {
    let double = WrongFree {
        time_us: 128,
        kind: WrongFreeKind::Double,
        address: Address(300),
        block: Address(300),
        owner: Some(7),
        freed_by: Some(128),
        first_freed_by: Some(9),
    };
    assert_golden(
        Message::WrongFree(double),
        "0f 0e  80 01  01  ac 02  ac 02  01 07  01 80 01  01 09",
    );
    let inside = WrongFree {
        kind: WrongFreeKind::Inside,
        block: Address(8),
        owner: None,
        freed_by: None,
        first_freed_by: None,
        ..double
    };
    assert_golden(
        Message::WrongFree(inside),
        "0a 0e  80 01  00  ac 02  08  00 00 00",
    );
}

#[test]
fn root() {
    for (kind, hex) in [
        (RootKind::Static, "0b 14  00  04 2e 62 73 73  ac 02  80 01"),
        (RootKind::Stack, "0b 14  01  04 2e 62 73 73  ac 02  80 01"),
        (RootKind::Driver, "0b 14  02  04 2e 62 73 73  ac 02  80 01"),
    ] {
        let root = Root {
            kind,
            name: name(".bss"),
            start: Address(300),
            size: 128,
        };
        assert_golden(Message::Root(root), hex);
    }
}

#[test]
fn references() {
    let reference = |at, to| Reference {
        at: Address(at),
        to: Address(to),
    };
    let all = [(300, 1000), (304, 1001), (604, 998)].map(|(at, to)| reference(at, to));
    let mut references = References::of(all[0]);
    assert!(references.push(all[0], all[1]) && references.push(all[1], all[2]));
    assert!(references.iter().eq(all));
    assert_golden(
        Message::References(references),
        "0b 15  ac 02  e8 07  02  04 02  ac 02 05",
    );
}

#[test]
fn scan() {
    let scan = Scan {
        started_us: 128,
        ended_us: 300,
        scope: Scope::Blocks,
        is_whole: true,
        found: 7,
        omitted: 1,
        unread: 2,
        untraced_blocks: 3,
        evicted_live: 4,
        gaps: 5,
        doubtful_until_us: 129,
    };
    assert_golden(
        Message::Scan(scan),
        "0f 16  80 01  ac 02  01  01  07 01 02 03 04 05  81 01",
    );
    let heap = Scan {
        scope: Scope::Heap,
        is_whole: false,
        ..scan
    };
    assert_golden(
        Message::Scan(heap),
        "0f 16  80 01  ac 02  00  00  07 01 02 03 04 05  81 01",
    );
}
