//! What is said of workloads that go on for hours, or change after some.

use super::workloads::answer::{Answer, is_red};
use super::workloads::{Noise, Site, Step, harmless, step};
use super::{Pace, last, said};

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
