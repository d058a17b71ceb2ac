//! What is seen of blocks that outlive others, from answer to answer.

use super::*;

const SECOND: u64 = 1_000_000;

/// Takes an answer of so many blocks of 100 bytes, all of which outlived what was freed; returns those that were seen to, and since
/// which second.
fn take(outliving: &mut Outliving, second: u64, count: u64, evicted: u64) -> (u64, u64) {
    let mut births = Births::new(0, 1);
    births.add_many(0, count as u32);
    let leak = Leak {
        count: 2 * count,
        bytes: 2 * count * 100,
        newest_us: 7,
        births,
        ..Leak::default()
    };
    let period = Period {
        time_us: second * SECOND,
        ..Period::default()
    };
    let passed = Passed {
        evicted,
        ..Passed::default()
    };
    outliving.take(&leak, &passed, &period);
    let seen = outliving.seen(&leak);
    assert_eq!((seen.bytes, seen.newest_us), (seen.count * 100, 7));
    assert_eq!(seen.outlived.count, seen.count);
    assert_eq!(seen.births.counts.iter().sum::<u32>(), seen.count as u32);
    (seen.count, seen.oldest_us / SECOND)
}

#[test]
fn blocks_are_seen_to_outlive_others_by_how_many_more_each_answer_has_than_the_one_before() {
    let mut outliving = Outliving::default();
    let mut take = |second, count| take(&mut outliving, second, count, 0);
    assert_eq!(take(10, 5), (0, 0), "those were there before");
    assert_eq!(take(20, 5), (0, 0));
    assert_eq!(take(30, 8), (3, 30));
    assert_eq!(take(40, 9), (4, 30));
    assert_eq!(take(50, 9), (4, 30));
    assert_eq!(take(60, 8), (0, 0), "after a fall it begins anew");
    assert_eq!(take(70, 10), (2, 70));
}

#[test]
fn rises_that_have_ended_are_not_counted_with_those_that_come_later() {
    let rises = |pause: u64| {
        let mut outliving = Outliving::default();
        (0..=6).for_each(|second| _ = take(&mut outliving, second, second, 0));
        take(&mut outliving, 6 + pause, 7, 0)
    };
    assert_eq!(rises(60), (7, 1));
    assert_eq!(rises(61), (1, 67));
}

#[test]
fn blocks_whose_records_were_evicted_have_not_ended() {
    let mut outliving = Outliving::default();
    (0..=6).for_each(|second| _ = take(&mut outliving, second, second, 0));
    take(&mut outliving, 50, 5, 2);
    assert!(!outliving.has_ended(110 * SECOND) && outliving.has_ended(700 * SECOND));
}
