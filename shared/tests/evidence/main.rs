//! What the numbers of answers say of workloads, second by second: of each answer alone, and of answers that follow each other.

mod one_answer;
mod over_hours;
#[path = "../workloads/mod.rs"]
mod workloads;

use heapbeacon_shared::analysis::Followed;
use heapbeacon_shared::trace::{Kind, Verdict};
use workloads::answer::{Answer, is_red};
use workloads::{Noise, Site, Step, harmless, leaks, leaks_by_chance, step};

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
