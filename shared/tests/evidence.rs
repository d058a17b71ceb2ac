//! What the numbers of answers say of workloads, second by second: of each answer alone, and of answers that follow each other.

mod workloads;

use heapbeacon_shared::analysis::{Followed, Passed};
use heapbeacon_shared::trace::{Kind, Stack, Unrecorded, Verdict};
use workloads::answer::{Answer, BOOT, SECOND, is_red};
use workloads::{BLOCK, Noise, Site, Step, harmless, leaks, leaks_by_chance, step};

/// What is said, and how often, in seconds.
#[derive(Clone, Copy)]
enum Pace {
    /// Of each answer alone.
    Alone(u64),
    /// Of answers that follow each other.
    Followed(u64),
}

/// Watches a workload and returns what was said of it, with the second at which that began.
fn said(mut step: Step, seed: u64, seconds: u64, pace: Pace) -> Vec<(u64, Verdict)> {
    let (mut noise, mut site) = (Noise::new(seed), Site::default());
    let mut followed = Followed::default();
    let mut said: Vec<(u64, Verdict)> = Vec::new();
    for second in 0..seconds {
        site.expire(second);
        step(&mut site, &mut noise, second);
        let (Pace::Alone(every) | Pace::Followed(every)) = pace;
        if !second.is_multiple_of(every) {
            continue;
        }
        let answer = Answer::of(&site, second);
        let verdict = match pace {
            Pace::Alone(_) => answer.judge(),
            Pace::Followed(_) => {
                let listed = [(&answer.leak, answer.passed)];
                followed.judge(1, &answer.period, listed, true)[0].verdict
            }
        };
        let is_new = |last: &(u64, Verdict)| {
            (last.1.kind, last.1.certain) != (verdict.kind, verdict.certain)
        };
        if said.last().is_none_or(is_new) {
            said.push((second, verdict));
        }
    }
    said
}

fn last(said: &[(u64, Verdict)]) -> Verdict {
    said.last().expect("something is said").1
}

/// Harmless workloads, but for a walk by chance whose lowest blocks stay: for as long as they do, it is a leak.
fn truly_harmless() -> impl Iterator<Item = (&'static str, Step)> {
    let harmless = harmless().into_iter();
    harmless.filter(|(name, _)| *name != "random walk of a stack")
}

#[test]
fn nothing_harmless_is_ever_red() {
    for pace in [Pace::Alone(1), Pace::Followed(1), Pace::Followed(5)] {
        for (name, step) in truly_harmless() {
            let said = said(step, 1, 3_600, pace);
            let red = said.iter().find(|(_, verdict)| is_red(verdict));
            assert_eq!(red, None, "{name}: {said:?}");
        }
    }
}

/// Until the first block was freed, or it was full, nobody can tell it from a leak: ten minutes are enough for all of them.
#[test]
fn nothing_harmless_is_said_to_leak_once_it_was_full() {
    for (name, step) in truly_harmless() {
        let said = said(step, 2, 5_400, Pace::Followed(2));
        let leak = said
            .iter()
            .find(|(second, verdict)| *second > 600 && verdict.kind.needs_action());
        assert_eq!(leak, None, "{name}: {said:?}");
    }
}

#[test]
fn every_leak_is_red_in_time_from_one_answer() {
    for (name, least, mut step) in leaks() {
        let (mut noise, mut site) = (Noise::new(1), Site::default());
        for second in 0..=least.max(1_800) {
            site.expire(second);
            step(&mut site, &mut noise, second);
        }
        let verdict = Answer::of(&site, least.max(1_800)).judge();
        assert!(is_red(&verdict), "{name}: {verdict:?}");
    }
}

#[test]
fn a_leak_that_is_red_stays_so_while_it_goes_on() {
    let by_chance = ["every 20th session"];
    let leaks = leaks().into_iter();
    for (name, least, step) in leaks.filter(|(name, ..)| !by_chance.contains(name)) {
        let said = said(step, 1, 2 * least + 3_600, Pace::Followed(5));
        let after = said.iter().skip_while(|(_, verdict)| !is_red(verdict));
        let changed = after.filter(|(_, verdict)| !is_red(verdict)).count();
        assert_eq!(changed, 0, "{name}: {said:?}");
    }
}

#[test]
fn leaks_by_chance_do_not_flicker() {
    for (name, seconds, step) in leaks_by_chance() {
        let said = said(step, 1, seconds, Pace::Followed(5));
        assert!(is_red(&last(&said)), "{name}: {said:?}");
        let reds = said
            .windows(2)
            .filter(|pair| is_red(&pair[0].1) && !is_red(&pair[1].1));
        assert!(reds.count() <= 2, "{name}: {said:?}");
    }
}

#[test]
fn a_queue_that_is_fed_faster_than_it_is_drained_is_told_from_one_that_is_not() {
    let queue = |fed: u64, drained: u64| {
        step(move |site, _, second| {
            site.allocate(second, fed);
            site.free_oldest(drained);
        })
    };
    let grows = said(queue(10, 9), 1, 1_200, Pace::Followed(5));
    assert_eq!(last(&grows).kind, Kind::QueueGrows, "{grows:?}");
    let drains = said(queue(9, 10), 1, 1_200, Pace::Followed(5));
    let kinds = drains.iter().map(|(_, verdict)| verdict.kind);
    assert!(!kinds.clone().any(Kind::needs_action), "{drains:?}");
}

#[test]
fn what_becomes_larger_by_reallocation_grows_in_place() {
    let mut site = Site::default();
    let mut followed = Followed::default();
    let mut said = Vec::new();
    let mut size = 64;
    for second in 1..=600_u64 {
        site.expire(second);
        if second.is_power_of_two() {
            site.allocate(second, 1);
            site.free_oldest(site.count() - 1);
            size *= 2;
        }
        let mut answer = Answer::of(&site, second);
        answer.leak.bytes = size;
        let listed = [(&answer.leak, answer.passed)];
        said.push(
            followed.judge(1, &answer.period, listed, true)[0]
                .verdict
                .kind,
        );
    }
    assert_eq!(said.last(), Some(&Kind::GrowsInPlace));
    assert!(!said.contains(&Kind::Leaking));
}

/// Births of 32, 16, 8, 4, 2 and 1 in equal parts.
#[test]
fn what_slows_down_is_filling() {
    let halving = |site: &mut Site, _: &mut Noise, second: u64| {
        let part = second / 32;
        let every = 1 << part;
        if part < 6 && second.is_multiple_of(every) {
            site.allocate(second, 1);
        }
    };
    let said = said(step(halving), 1, 192, Pace::Alone(1));
    assert_eq!(last(&said).kind, Kind::Filling, "{said:?}");
}

#[test]
fn blocks_of_the_first_of_twenty_cycles_are_held_and_no_leak() {
    let first = |site: &mut Site, _: &mut Noise, second: u64| {
        let blocks = if second == 3 { 13 } else { 0 };
        site.allocate(second, blocks);
        site.allocate_for(second, 5, 2);
    };
    let said = said(step(first), 1, 600, Pace::Followed(1));
    assert_eq!(last(&said).kind, Kind::Plateau, "{said:?}");
    assert!(!said.iter().any(|(_, verdict)| verdict.kind.needs_action()));
}

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
/// As many come as go, and the order is any: over days, it walks far.
#[test]
fn what_goes_up_and_down_by_chance_is_hardly_ever_red() {
    let (seconds, walks) = (4 * 3_600, 12);
    let mut red = 0;
    for seed in 1..=walks {
        let mut harmless = harmless().into_iter();
        let walk = harmless.find(|(name, _)| *name == "random walk");
        let said = said(
            walk.expect("there is one").1,
            seed,
            seconds,
            Pace::Followed(5),
        );
        let ends = said.iter().skip(1).map(|(second, _)| *second);
        for ((from, verdict), until) in said.iter().zip(ends.chain([seconds])) {
            red += if is_red(verdict) { until - from } else { 0 };
        }
    }
    let thousandths = red * 1_000 / (seconds * walks);
    assert!(thousandths <= 5, "{thousandths} thousandths of the time");
}

/// A block a second from a second on, above blocks of the first second.
fn late(begin: u64, every: u64, kept: u64) -> Step {
    step(move |site, _, second| {
        let leaks = second >= begin && second.is_multiple_of(every);
        site.allocate(
            second,
            u64::from(leaks) + if second == 0 { kept } else { 0 },
        );
    })
}

#[test]
fn a_leak_is_told_as_soon_after_days_as_after_the_start() {
    const HOUR: u64 = 3_600;
    for begin in [HOUR, 24 * HOUR, 72 * HOUR] {
        for (every, kept) in [(1, 0), (10, 0), (1, 40), (10, 40)] {
            let said = said(
                late(begin, every, kept),
                1,
                begin + HOUR,
                Pace::Followed(60),
            );
            let red = said.iter().find(|(_, verdict)| is_red(verdict));
            let after = red.expect("it is told").0 - begin;
            assert!(after <= 1_080, "{begin} {every} {kept}: after {after} s");
            assert!(is_red(&last(&said)), "{said:?}");
        }
        // What was there before leaves few slices for what came later: so of one answer this is of nothing before.
        let (mut noise, mut site, mut leak) = (Noise::new(1), Site::default(), late(begin, 1, 0));
        for second in 0..begin + 900 {
            leak(&mut site, &mut noise, second);
        }
        assert!(is_red(&Answer::of(&site, begin + 900).judge()), "{begin}");
    }
}

#[test]
fn one_old_block_that_is_freed_ends_no_leak() {
    for every in [60, 7] {
        let leak = step(move |site, _, second| {
            site.allocate(second, u64::from(second.is_multiple_of(every)));
            if second == 8 * 3_600 {
                site.free_oldest(1);
            }
        });
        let said = said(leak, 1, 12 * 3_600, Pace::Followed(60));
        let after = said.iter().skip_while(|(_, verdict)| !is_red(verdict));
        assert!(
            after.clone().all(|(_, verdict)| is_red(verdict)),
            "{said:?}"
        );
        assert!(after.count() > 0, "{said:?}");
    }
}

#[test]
fn a_leak_of_which_some_are_freed_at_any_age_is_told_from_one_answer_and_a_full_ring_is_none() {
    let leak = step(|site, noise, second| {
        let is_due = second.is_multiple_of(10);
        site.allocate(second, u64::from(is_due));
        if is_due && noise.once_in(10) {
            site.free_any(noise);
        }
    });
    let told = said(leak, 1, 4 * 3_600, Pace::Alone(60));
    let after = told.iter().skip_while(|(second, _)| *second < 3_600);
    assert!(
        after.clone().all(|(_, verdict)| is_red(verdict)),
        "{told:?}"
    );
    assert!(is_red(&last(&told)), "{told:?}");
    // Of a ring that is full the oldest go.
    let ring = step(|site, _, second| {
        site.allocate(second, u64::from(second.is_multiple_of(10)));
        site.free_oldest(site.count().saturating_sub(400));
    });
    let told = said(ring, 1, 5 * 3_600, Pace::Alone(60));
    let full = told.iter().filter(|(second, _)| *second > 4_200);
    assert!(full.count() <= 1 && !is_red(&last(&told)), "{told:?}");
}

#[test]
fn what_is_no_longer_allocated_does_not_leak() {
    let refilled = step(|site, _, second| {
        if second == 3_600 {
            site.free_oldest(150);
        }
        let fills = second < 900 || (3_610..4_500).contains(&second);
        site.allocate(second, u64::from(fills && second.is_multiple_of(3)));
    });
    let said = said(refilled, 1, 6 * 3_600, Pace::Followed(60));
    let late = said
        .iter()
        .find(|(second, verdict)| *second > 5_400 && verdict.kind.needs_action());
    assert_eq!(late, None, "{said:?}");
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

#[test]
fn evictions_make_a_leak_uncertain_and_no_plateau() {
    for room in [300, 1_000] {
        let mut followed = Followed::default();
        let mut kinds = Vec::new();
        let mut site = Site::default();
        for second in 0..3_600 {
            site.expire(second);
            site.allocate(second, 1);
            let evicted = site.evict(room);
            if second % 5 == 0 {
                let mut answer = Answer::of(&site, second);
                answer.passed.evicted = evicted;
                let listed = [(&answer.leak, answer.passed)];
                let told = followed.judge(1, &answer.period, listed, true)[0].verdict;
                assert!(!told.certain || evicted == 0, "{told:?}");
                kinds.push(told.kind);
            }
        }
        let after = kinds.iter().skip_while(|kind| **kind != Kind::Leaking);
        assert!(after.clone().all(|kind| *kind == Kind::Leaking), "{room}");
        assert!(after.count() > 600, "{room}");
    }
}

#[test]
fn bursts_that_came_back_are_waited_for() {
    const HOUR: u64 = 3_600;
    // A hundred blocks in the first minute of each hour, ten times.
    let bursts = || {
        step(|site: &mut Site, _: &mut Noise, second: u64| {
            let is_busy = second < 10 * HOUR && second % HOUR < 60;
            site.allocate(second, u64::from(is_busy) * 2);
        })
    };
    for every in [5, 60] {
        let said = said(bursts(), 1, 14 * HOUR, Pace::Followed(every));
        let is_red_at = |from: u64, until: u64| {
            let (mut red, mut all) = (0, 0);
            for (second, verdict) in &said {
                let is_within = (from..until).contains(second);
                all += u32::from(is_within);
                red += u32::from(is_within && is_red(verdict));
            }
            (red, all)
        };
        let (red, all) = is_red_at(3 * HOUR, 10 * HOUR);
        assert_eq!(red, all, "every {every} s");
        // Twice the pause between two bursts is long enough.
        let (red, _) = is_red_at(12 * HOUR, 14 * HOUR);
        assert_eq!(red, 0, "every {every} s");
    }
}

#[test]
fn a_cache_that_holds_more_because_of_more_traffic_is_no_queue_that_grows() {
    let cache = || {
        step(|site: &mut Site, noise: &mut Noise, second: u64| {
            let missed = noise.about(if second < 3_600 { 0.5 } else { 2.0 });
            site.allocate_for(second, missed, 900);
        })
    };
    for seed in 1..=8 {
        for pace in [Pace::Followed(5), Pace::Followed(60)] {
            let said = said(cache(), seed, 3 * 3_600, pace);
            let red = said
                .iter()
                .find(|(second, verdict)| *second > 1_000 && is_red(verdict));
            assert_eq!(red, None, "{seed}");
        }
    }
}

/// Most blocks live for a moment, and some for long: of those, the first is freed when many have come already.
#[test]
fn blocks_that_live_for_long_among_short_ones_are_no_leak_for_ever() {
    for (once_in, long) in [(20, 240), (50, 1_200), (100, 3_600)] {
        let polls = || {
            step(move |site: &mut Site, noise: &mut Noise, second: u64| {
                let lifetime = if noise.once_in(once_in) { long } else { 1 };
                site.allocate_for(second, 1, lifetime);
            })
        };
        for (seed, every) in [(1, 5), (2, 5), (3, 60)] {
            let said = said(polls(), seed, 6 * long.max(1_200), Pace::Followed(every));
            let late = |second: &u64| *second > 3 * long.max(600);
            let red = said
                .iter()
                .find(|(second, verdict)| late(second) && is_red(verdict));
            assert_eq!(red, None, "{long} {seed} {every}");
        }
    }
}
