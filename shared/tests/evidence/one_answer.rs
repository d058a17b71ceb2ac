//! What one answer says of a call site, and how sure that is.

use heapbeacon_shared::analysis::Passed;
use heapbeacon_shared::trace::{Kind, Stack, Unrecorded};

use super::workloads::answer::{Answer, BOOT, SECOND, is_red};
use super::workloads::{BLOCK, Site};

#[test]
fn time_in_which_nothing_is_recorded_changes_nothing() {
    let mut site = Site::default();
    for second in 0..400 {
        site.expire(second);
        site.allocate(second, 1);
    }
    let before = Answer::of(&site, 400).judge();
    assert!(is_red(&before), "{before:?}");
    // An hour later the trace is still paused.
    let mut answer = Answer::of(&site, 4_000);
    let pause = |until_us| Unrecorded {
        from_us: BOOT + 400 * SECOND,
        until_us,
    };
    answer.period.unrecorded = [pause(None)].into_iter().collect();
    assert!(is_red(&answer.judge()), "{:?}", answer.judge());
    // It was taken up again, and leaks as before.
    for second in 4_000..4_100 {
        site.expire(second);
        site.allocate(second, 1);
    }
    let mut answer = Answer::of(&site, 4_100);
    let until_us = BOOT + 4_000 * SECOND;
    answer.period.unrecorded = [pause(Some(until_us))].into_iter().collect();
    assert!(is_red(&answer.judge()), "{:?}", answer.judge());
}

#[test]
fn blocks_from_before_a_stop_are_no_evidence() {
    let mut site = Site::default();
    for second in 0..400 {
        site.expire(second);
        site.allocate(second, 1);
    }
    let mut answer = Answer::of(&site, 400);
    answer.period.doubtful_until_us = BOOT + 395 * SECOND;
    assert_eq!(answer.judge().kind, Kind::TooEarly);
}

#[test]
fn what_was_lost_is_never_certain() {
    let mut site = Site::default();
    for second in 0..400 {
        site.expire(second);
        site.allocate(second, 1);
    }
    let mut answer = Answer::of(&site, 400);
    assert!(answer.judge().certain);
    answer.passed.evicted = 1;
    assert!(!answer.judge().certain);
    answer.passed.evicted = 0;
    answer.passed.is_shared = true;
    assert!(!answer.judge().certain);
}

#[test]
fn a_leak_says_since_when_and_how_fast() {
    let mut site = Site::default();
    for second in 0..600 {
        site.expire(second);
        site.allocate(second, u64::from(second >= 100));
    }
    let verdict = Answer::of(&site, 600).judge();
    assert_eq!(verdict.kind, Kind::Leaking);
    let rate = 60 * BLOCK;
    assert!(
        verdict.bytes_per_minute.abs_diff(rate) < rate / 10,
        "{verdict:?}"
    );
    let since = (verdict.since_us - BOOT) / SECOND;
    assert!((83..=100).contains(&since), "{verdict:?}");
}

#[test]
fn what_is_known_beside_live_blocks_comes_from_the_counters_of_the_call_stack() {
    let stack = |id| Stack {
        id,
        allocations: 9,
        frees: 5,
        evicted: 2,
        longest_lifetime_us: 7,
        ..Stack::default()
    };
    let passed = Passed {
        allocations: 9,
        frees: 5,
        evicted: 2,
        longest_lifetime_us: 7,
        is_shared: false,
    };
    assert_eq!(Passed::of(&stack(3)), passed);
    assert!(Passed::of(&stack(0)).is_shared);
}

#[test]
fn what_was_never_freed_and_is_young_fills_up() {
    let mut site = Site::default();
    for second in 0..60 {
        site.expire(second);
        site.allocate(second, 1);
    }
    let verdict = Answer::of(&site, 60).judge();
    assert_eq!((verdict.kind, verdict.certain), (Kind::Filling, false));
    assert!(verdict.may_be_leak(), "{verdict:?}");
}
