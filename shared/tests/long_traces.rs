//! Verdicts on traces in which much has happened: many pauses, evictions, call sites that are used late, and numbers that no device has.

use heapbeacon_shared::analysis::{Followed, Passed, judge};
use heapbeacon_shared::trace::{
    Births, Kind, Leak, MAX_UNRECORDED, OUTLIVED_FACTOR, Outlived, Period, Unrecorded,
};

const SECOND: u64 = 1_000_000;
/// Seconds from one answer to the next.
const PACE: usize = 5;

/// Returns what is live of blocks that were allocated at some seconds, of which none was ever freed that counts.
fn leak(born: &[u64], now: u64, lifetime: u64) -> Leak {
    let first = born.first().copied().unwrap_or(now);
    let mut births = Births::new(first * SECOND, now * SECOND);
    born.iter().for_each(|second| births.add(second * SECOND));
    let is_old = |second: &&u64| now - **second > lifetime * OUTLIVED_FACTOR;
    let old = born.iter().filter(is_old).count() as u64;
    let count = born.len() as u64;
    let bytes = |count: u64| 64 * count;
    Leak {
        stack: 4,
        count,
        bytes: bytes(count),
        oldest_us: first * SECOND,
        newest_us: born.last().copied().unwrap_or(now) * SECOND,
        outlived: Outlived {
            count: old,
            bytes: bytes(old),
        },
        births,
    }
}

fn period(now: u64) -> Period {
    Period {
        time_us: now * SECOND,
        ..Period::default()
    }
}

/// A device has room for eight pauses, and makes one of two: so recorded time runs back.
#[test]
fn a_leak_is_one_however_often_the_trace_was_paused() {
    let pauses: Vec<u64> = [100]
        .into_iter()
        .chain((1_100..2_300).step_by(100))
        .collect();
    let mut followed = Followed::default();
    for now in (5..=4_000).step_by(PACE) {
        let born = (0..now).filter(|second| !pauses.contains(second));
        let born: Vec<u64> = born.collect();
        let mut told: Vec<_> = pauses
            .iter()
            .filter(|pause| **pause < now)
            .map(|pause| (*pause, pause + 1))
            .collect();
        while told.len() > MAX_UNRECORDED {
            let between = |pair: &[(u64, u64)]| pair[1].0 - pair[0].1;
            let pairs = told.windows(2).enumerate();
            let nearest = pairs.min_by_key(|(_, pair)| between(pair));
            let nearest = nearest.map_or(0, |(index, _)| index);
            let (from, _) = told.remove(nearest);
            told[nearest].0 = from;
        }
        let unrecorded = told.into_iter().map(|(from, until)| Unrecorded {
            from_us: from * SECOND,
            until_us: Some(until * SECOND),
        });
        let period = Period {
            unrecorded: unrecorded.collect(),
            ..period(now)
        };
        let passed = Passed {
            allocations: born.len() as u64,
            ..Passed::default()
        };
        let told = followed.judge(1, &period, [(&leak(&born, now, 0), passed)], true);
        if now > 300 {
            assert_eq!(told[0].verdict.kind, Kind::Leaking, "at {now} s");
        }
    }
}

#[test]
fn evictions_do_not_say_that_what_they_take_was_freed() {
    let mut followed = Followed::default();
    for now in (5..=6_000).step_by(PACE) {
        let evicted = if now > 2_000 { now - 1_500 } else { 0 };
        let born: Vec<u64> = (evicted..now).collect();
        // One block lived for long, and was freed after the leak was told.
        let lifetime = if now > 1_500 { 1_400 } else { 2 };
        let passed = Passed {
            allocations: now * 2,
            frees: now - 1,
            evicted,
            longest_lifetime_us: lifetime * SECOND,
            is_shared: false,
        };
        let leak = leak(&born, now, lifetime);
        let told = followed.judge(1, &period(now), [(&leak, passed)], true);
        if now > 60 {
            assert_eq!(told[0].verdict.kind, Kind::Leaking, "at {now} s");
        }
    }
}

#[test]
fn a_call_site_that_is_used_late_is_told_as_soon_as_others() {
    for (start, every) in [(0, 1), (600, 1), (7_200, 1), (7_200, 5)] {
        let mut followed = Followed::default();
        let is_told = |now: &u64| {
            let born: Vec<u64> = (start..*now).step_by(every).collect();
            let count = born.len() as u64;
            let passed = Passed {
                allocations: 2 * count,
                frees: count,
                longest_lifetime_us: SECOND,
                ..Passed::default()
            };
            let leak = leak(&born, *now, 1);
            let told = followed.judge(1, &period(*now), [(&leak, passed)], true);
            told[0].verdict.kind == Kind::Leaking
        };
        let mut answers = (start + 5..start + 4_000).step_by(PACE);
        let told = answers.find(is_told).expect("it leaks");
        assert!(told - start <= 40, "{} s, {every}", told - start);
    }
}

#[test]
fn numbers_that_no_device_has_are_judged_too() {
    let born: Vec<u64> = (0..1_000).collect();
    let mut leak = leak(&born, 1_000, 0);
    for count in [0, 1, u64::MAX >> 1, 1 << 63, u64::MAX] {
        (leak.count, leak.bytes) = (count, u64::MAX);
        let verdict = judge(&leak, &Passed::default(), &period(1_000), Kind::TooEarly);
        assert_eq!(verdict.kind == Kind::InFlight, count == 0, "{verdict:?}");
    }
}
