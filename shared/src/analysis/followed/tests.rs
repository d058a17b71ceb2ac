//! What answers that follow each other add to what each of them says.

use super::*;
use crate::trace::{Births, Outlived};

const SECOND: u64 = 1_000_000;
/// Seconds between two answers.
const EVERY: u64 = 5;

fn period(second: u64) -> Period {
    Period {
        time_us: second * SECOND,
        ..Period::default()
    }
}

/// So many blocks that were all allocated just now.
fn young(second: u64, count: u64) -> (Leak, Passed) {
    let now_us = second * SECOND;
    let leak = Leak {
        stack: 4,
        count,
        bytes: 64 * count,
        oldest_us: now_us,
        newest_us: now_us,
        births: Births::new(now_us, now_us),
        ..Leak::default()
    };
    let passed = Passed {
        allocations: 10 * second,
        frees: 10 * second - count,
        longest_lifetime_us: SECOND,
        ..Passed::default()
    };
    (leak, passed)
}

/// A block at each of some seconds, none of them freed.
fn born(seconds: impl Iterator<Item = u64>, second: u64) -> (Leak, Passed) {
    let mut births = Births::new(0, second * SECOND);
    let (mut count, mut oldest, mut newest) = (0, None, 0);
    for born in seconds {
        births.add(born * SECOND);
        oldest.get_or_insert(born);
        (count, newest) = (count + 1, born);
    }
    let bytes = 64 * count;
    let leak = Leak {
        stack: 4,
        count,
        bytes,
        oldest_us: oldest.unwrap_or(0) * SECOND,
        newest_us: newest * SECOND,
        outlived: Outlived { count, bytes },
        births,
    };
    let passed = Passed {
        allocations: count,
        ..Passed::default()
    };
    (leak, passed)
}

/// A block in so many seconds since the beginning, until a second.
fn leaked_until(until: u64, every: u64, second: u64) -> (Leak, Passed) {
    born((0..second.min(until)).step_by(every as usize), second)
}

/// A block a second since the beginning.
fn leaked(second: u64) -> (Leak, Passed) {
    leaked_until(u64::MAX, 1, second)
}

/// Listens to one call stack.
fn follow(followed: &mut Followed, second: u64, (leak, passed): &(Leak, Passed)) -> Told {
    followed.judge(1, &period(second), [(leak, *passed)], true)[0]
}

/// Follows a queue that grows by a block in two seconds until a second.
fn queue(until: u64) -> Followed {
    let mut followed = Followed::default();
    for second in (EVERY..=until).step_by(EVERY as usize) {
        follow(&mut followed, second, &young(second, second / 2));
    }
    followed
}

#[test]
fn a_queue_is_certain_once_it_has_grown_for_three_minutes_unless_something_was_lost() {
    let said = |evicted, is_shared| {
        let mut followed = Followed::default();
        let mut times = [None; 2];
        for second in (EVERY..900).step_by(EVERY as usize) {
            let (leak, passed) = young(second, second / 2);
            let passed = Passed {
                evicted,
                is_shared,
                ..passed
            };
            let verdict = follow(&mut followed, second, &(leak, passed)).verdict;
            if verdict.kind == Kind::QueueGrows {
                times[0].get_or_insert(second);
                assert_eq!((verdict.bytes_per_minute, verdict.since_us), (0, 0));
                if verdict.certain {
                    times[1].get_or_insert(second);
                }
            }
        }
        times
    };
    let [Some(first), certain] = said(0, false) else {
        panic!("it grows");
    };
    assert_eq!(certain, Some(first + 180));
    assert_eq!(said(1, false), [Some(first), None]);
    assert_eq!(said(0, true), [Some(first), None]);
}

#[test]
fn what_a_complete_answer_does_not_list_holds_nothing_and_what_another_one_leaves_out_may() {
    let after = |is_complete| {
        let mut followed = queue(300);
        followed.judge(1, &period(305), [], is_complete);
        follow(&mut followed, 310, &young(310, 155)).verdict.kind
    };
    assert_eq!(after(true), Kind::InFlight);
    assert_eq!(after(false), Kind::QueueGrows);
}

#[test]
fn another_trace_and_another_call_stack_are_judged_anew() {
    let next = young(305, 152);
    let mut followed = queue(300);
    assert_eq!(
        follow(&mut followed, 305, &next).verdict.kind,
        Kind::QueueGrows
    );
    let mut followed = queue(300);
    let told = followed.judge(2, &period(305), [(&next.0, next.1)], true);
    assert_eq!(told[0].verdict.kind, Kind::InFlight);
    let mut followed = queue(300);
    let other = Leak { stack: 5, ..next.0 };
    let told = followed.judge(1, &period(305), [(&other, next.1)], false);
    assert_eq!(told[0].verdict.kind, Kind::InFlight);
}

#[test]
fn while_the_clock_stands_still_nothing_grows() {
    let mut followed = Followed::default();
    for size in [64, 96, 128, 192, 256, 512] {
        let (leak, passed) = young(30, 1);
        let leak = Leak {
            bytes: size,
            ..leak
        };
        let told = follow(&mut followed, 30, &(leak, passed));
        assert_eq!(told.verdict.kind, Kind::InFlight, "{size}");
    }
}

#[test]
fn a_leak_is_told_as_its_last_answer_tells_it_and_until_when_it_was_certain() {
    let mut followed = Followed::default();
    let mut before = Kind::TooEarly;
    for second in (EVERY..1_200).step_by(EVERY as usize) {
        let (leak, passed) = leaked(second);
        let alone = judge(&leak, &passed, &period(second), before);
        let is_leak = alone.kind == Kind::Leaking && alone.certain;
        let told = follow(&mut followed, second, &(leak, passed));
        let expected = Told {
            verdict: alone,
            leaked_until_us: is_leak.then_some(second * SECOND),
        };
        assert_eq!(told, expected, "{second}");
        before = alone.kind;
    }
    assert_eq!(before, Kind::Leaking);
}

#[test]
fn a_call_stack_is_forgotten_after_ten_minutes_without_a_word_of_it() {
    let leaked_until = |silence: u64| {
        let mut followed = Followed::default();
        (1..=60).for_each(|nth| _ = follow(&mut followed, nth * EVERY, &leaked(nth * EVERY)));
        let second = 60 * EVERY + silence;
        followed.judge(1, &period(second), [], false);
        follow(&mut followed, second + 1, &young(second + 1, 1)).leaked_until_us
    };
    assert_eq!(leaked_until(600), Some(60 * EVERY * SECOND));
    assert_eq!(leaked_until(601), None);
}

/// After a day each slice is half an hour long, so of one answer nobody can tell for hours that nothing more comes.
#[test]
fn a_leak_has_ended_minutes_after_its_last_block_though_its_last_answer_tells_it_for_hours() {
    const DAY: u64 = 24 * 3_600;
    let mut followed = Followed::default();
    let mut kinds = [Kind::TooEarly; 2];
    for second in (60..=DAY + 600).step_by(60) {
        let answer = leaked_until(DAY, 10, second);
        let told = follow(&mut followed, second, &answer);
        let alone = judge(&answer.0, &answer.1, &period(second), Kind::Leaking);
        kinds = [alone.kind, told.verdict.kind];
        if second == DAY + 300 {
            assert_eq!(kinds, [Kind::Leaking; 2]);
        }
    }
    assert_eq!(kinds, [Kind::Leaking, Kind::Plateau]);
}

#[test]
fn blocks_that_were_seen_to_outlive_others_have_no_lifetime_to_outlive_once_more() {
    let mut births = Births::new(100 * SECOND, 160 * SECOND);
    (100..160).for_each(|second| births.add(second * SECOND));
    let seen = Leak {
        count: 60,
        newest_us: 160 * SECOND,
        outlived: Outlived {
            count: 60,
            bytes: 0,
        },
        births,
        ..Leak::default()
    };
    let told = |longest_lifetime_us| {
        let passed = Passed {
            frees: 30,
            longest_lifetime_us,
            ..Passed::default()
        };
        judge_seen(&seen, &passed, &period(160), Kind::Filling).map(|verdict| verdict.kind)
    };
    // Three of the longest lifetimes, and no longer, is what they are seen for.
    assert_eq!(told(20 * SECOND), Some(Kind::Leaking));
    assert_eq!(told(20 * SECOND + 1), None);
}

/// Returns the seconds at which what is settled changes, where answers say one kind after the other, each for so many seconds, of
/// what was said to leak.
fn settled(answers: &[(u64, Kind)]) -> Vec<(u64, Kind)> {
    let mut track = Track {
        leaked_until_us: Some(0),
        ..Track::default()
    };
    let leaking = Verdict {
        kind: Kind::Leaking,
        ..Verdict::default()
    };
    track.said.hold(leaking, 0);
    let answers = answers.iter();
    let each = answers.flat_map(|(seconds, kind)| (0..*seconds).map(|_| *kind));
    let mut changes = Vec::new();
    for (second, kind) in (0..).zip(each) {
        let alone = Verdict {
            kind,
            certain: true,
            ..Verdict::default()
        };
        let said = track.settle(alone, &Passed::default(), second * SECOND);
        assert_eq!(said.certain, said.kind == Kind::Leaking || said == alone);
        if said.kind != track.said.kind() {
            track.said.hold(said, second * SECOND);
            changes.push((second, said.kind));
        }
    }
    changes
}

#[test]
fn a_leak_slows_down_once_that_has_lasted_for_two_minutes() {
    let slow = [
        (120, Kind::Filling),
        (1, Kind::Leaking),
        (120, Kind::Filling),
    ];
    assert_eq!(settled(&slow), []);
    assert_eq!(settled(&[(121, Kind::Filling)]), [(120, Kind::Filling)]);
    // That none is left does not wait.
    assert_eq!(settled(&[(1, Kind::InFlight)]), [(0, Kind::InFlight)]);
}

#[test]
fn what_has_slowed_down_leaks_again_once_that_has_lasted_for_five_minutes() {
    let again = settled(&[(121, Kind::Filling), (301, Kind::Leaking)]);
    assert_eq!(again, [(120, Kind::Filling), (421, Kind::Leaking)]);
    let shorter = settled(&[(121, Kind::Filling), (300, Kind::Leaking)]);
    assert_eq!(shorter, [(120, Kind::Filling)]);
}

#[test]
fn what_comes_ever_more_seldom_is_no_leak_however_few_there_are() {
    let mut followed = Followed::default();
    for second in (60..24 * 3_600).step_by(60) {
        let chunks = (0..).map(|nth| 15 << nth);
        let answer = born(chunks.take_while(|chunk| *chunk <= second), second);
        let told = follow(&mut followed, second, &answer);
        let alone = judge(&answer.0, &answer.1, &period(second), Kind::TooEarly);
        for kind in [told.verdict.kind, alone.kind] {
            assert!(!kind.needs_action(), "{second}");
        }
    }
}

#[test]
fn most_of_a_handful_is_no_leak_beside_which_few_are_freed() {
    let told = |count: u64| {
        let second = 60 * count + 3_600;
        let (leak, passed) = born((0..count).map(|nth| second * nth / count), second);
        let passed = Passed {
            allocations: count * 5 / 4,
            frees: count / 4,
            longest_lifetime_us: 3_000 * SECOND,
            ..passed
        };
        judge(&leak, &passed, &period(second), Kind::TooEarly).kind
    };
    assert_eq!([told(16), told(20)], [Kind::InFlight, Kind::Leaking]);
}

#[test]
fn a_few_that_were_freed_say_nothing_of_how_long_the_others_live() {
    let told = |frees| {
        let (leak, passed) = leaked_until(u64::MAX, 3, 36);
        let passed = Passed {
            allocations: leak.count + frees,
            frees,
            longest_lifetime_us: SECOND,
            ..passed
        };
        judge(&leak, &passed, &period(36), Kind::TooEarly).kind
    };
    assert_eq!([told(5), told(6)], [Kind::Filling, Kind::Leaking]);
}
