//! The borders of what is said of blocks that outlive their records.

use super::*;
use crate::trace::Outlived;

const SECOND: u64 = 1_000_000;

/// Takes an answer in which a call stack has lost so many records, and so many of its live blocks of 32 bytes have outlived others.
fn take(evicting: &mut Evicting, time_us: u64, evicted: u64, outlived: u64) {
    let leak = Leak {
        stack: 3,
        count: outlived,
        bytes: 32 * outlived,
        outlived: Outlived {
            count: outlived,
            bytes: 32 * outlived,
        },
        ..Leak::default()
    };
    let passed = Passed {
        evicted,
        ..Passed::default()
    };
    let period = Period {
        time_us,
        ..Period::default()
    };
    evicting.take(&period, &[(leak, passed)], 64);
}

/// What is said after a growth by so many lost records in so many microseconds.
fn gain(blocks: u64, span_us: u64) -> Option<Verdict> {
    let mut evicting = Evicting::default();
    take(&mut evicting, 5 * SECOND, 10, 0);
    take(&mut evicting, 5 * SECOND + span_us, 10 + blocks, 0);
    evicting.verdict(3)
}

#[test]
fn four_blocks_in_twenty_seconds_leak_where_blocks_pile_up_and_fewer_or_sooner_do_not() {
    let leak = gain(4, 20 * SECOND).expect("it grows");
    assert_eq!((leak.kind, leak.certain), (Kind::Leaking, false));
    assert_eq!(leak.since_us, 5 * SECOND);
    // Blocks of which no record is left have the mean size of those whose were evicted.
    assert_eq!(leak.bytes_per_minute, 4 * 64 * 3);
    assert_eq!(gain(3, 20 * SECOND), None);
    assert_eq!(gain(4, 20 * SECOND - 1), None);
}

#[test]
fn it_is_certain_of_many_blocks_after_a_minute_and_of_few_after_a_quarter_of_an_hour() {
    let certain = |blocks, span_us| gain(blocks, span_us).expect("it grows").certain;
    assert!(certain(257, 65 * SECOND) && !certain(256, 65 * SECOND));
    assert!(!certain(257, 65 * SECOND - 1));
    assert!(certain(4, 900 * SECOND) && !certain(4, 900 * SECOND - 1));
}

#[test]
fn what_holds_less_begins_anew_and_live_blocks_count_where_some_were_lost() {
    let mut evicting = Evicting::default();
    take(&mut evicting, SECOND, 10, 50);
    take(&mut evicting, 30 * SECOND, 10, 49);
    take(&mut evicting, 50 * SECOND, 11, 52);
    let leak = evicting.verdict(3).expect("it grows");
    assert_eq!(leak.since_us, 30 * SECOND);
    assert_eq!(leak.bytes_per_minute, 4 * 32 * 3);
    // As many as before is no less.
    take(&mut evicting, 90 * SECOND, 11, 52);
    assert_eq!(evicting.verdict(3).expect("it grows").since_us, 30 * SECOND);
}

#[test]
fn a_call_stack_that_lost_no_record_is_not_judged_by_this() {
    let mut evicting = Evicting::default();
    take(&mut evicting, SECOND, 0, 10);
    take(&mut evicting, 60 * SECOND, 0, 300);
    assert_eq!(evicting.verdict(3), None);
    assert_eq!(evicting.verdict(4), None);
}

#[test]
fn what_has_not_risen_for_long_has_ended() {
    let mut evicting = Evicting::default();
    (0..40).for_each(|second| take(&mut evicting, second * SECOND, second + 1, 0));
    take(&mut evicting, 99 * SECOND, 40, 0);
    assert!(evicting.verdict(3).is_some());
    take(&mut evicting, 100 * SECOND, 40, 0);
    assert_eq!(evicting.verdict(3), None);
}
