//! What is said of the growth of workloads, second by second.

#[expect(dead_code, reason = "some is of the tests of one answer only")]
mod workloads;

use heapbeacon_shared::analysis::{Known, Moment, Series, Standing, Suspect};
use workloads::{BLOCK, Noise, Site, Step, harmless, leaks, leaks_by_chance, slow_ring};

const SECOND: u64 = 1_000_000;
const BOOT: u64 = 1_000 * SECOND;

/// A page that watches one call site.
struct Page {
    series: Series<Moment>,
    known: Known,
    suspect: Suspect,
}

impl Page {
    fn new() -> Self {
        Self {
            series: Series::new(240),
            known: Known::default(),
            suspect: Suspect::default(),
        }
    }

    fn poll(&mut self, site: &Site, second: u64) {
        let us = |second: Option<u64>| second.map_or(0, |second| BOOT + second * SECOND);
        let now = Moment {
            time_us: BOOT + second * SECOND + SECOND / 2,
            count: site.count(),
            bytes: site.count() * BLOCK,
            allocations: site.allocations,
            frees: site.frees,
            oldest_us: us(site.oldest()),
            newest_us: us(site.newest()),
        };
        let is_freed = |before: &&Moment| {
            before.count > 0 && (now.count == 0 || now.oldest_us > before.oldest_us)
        };
        if let Some(before) = self.series.last().filter(is_freed) {
            let lifetime = before.time_us - before.oldest_us;
            self.known.longest_lifetime_us = self.known.longest_lifetime_us.max(lifetime);
        }
        self.known.peak_bytes = site.peak * BLOCK;
        self.series.push(now);
    }

    fn look(&mut self) -> Standing {
        self.suspect.look(self.series.points(), &self.known)
    }
}

/// How often a page gets an answer, and how often it looks at what it got.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Seconds between two answers on average; they come at random, and many seconds may pass without one.
    answers: u64,
    /// Answers between two looks.
    looks: u64,
}

const USUAL: Pace = Pace {
    answers: 1,
    looks: 5,
};
const SELDOM: Pace = Pace {
    answers: 5,
    looks: 1,
};

/// Watches a workload and returns what was said of it, with the second at which that began.
fn said(mut step: Step, seed: u64, seconds: u64, pace: Pace) -> Vec<(u64, Standing)> {
    let [mut noise, mut jitter] = [seed, seed + 77].map(Noise::new);
    let (mut site, mut page) = (Site::default(), Page::new());
    let mut said = vec![(0, Standing::Quiet)];
    let mut answers = 0_u64;
    for second in 0..seconds {
        site.expire(second);
        step(&mut site, &mut noise, second);
        if !jitter.once_in(pace.answers) {
            continue;
        }
        page.poll(&site, second);
        answers += 1;
        if answers.is_multiple_of(pace.looks) {
            let standing = page.look();
            if said.last().is_none_or(|(_, last)| *last != standing) {
                said.push((second, standing));
            }
        }
    }
    said
}

fn standings(said: &[(u64, Standing)]) -> Vec<Standing> {
    said.iter().map(|(_, standing)| *standing).collect()
}

/// Returns the second at which a standing was first said.
fn first(said: &[(u64, Standing)], standing: Standing) -> Option<u64> {
    let found = said.iter().find(|(_, other)| *other == standing);
    found.map(|(second, _)| *second)
}

#[test]
fn what_does_not_leak_is_never_said_to() {
    for (seed, pace) in [(1, USUAL), (2, SELDOM)] {
        for (name, step) in harmless() {
            let said = said(step, seed, 1_200, pace);
            let red = first(&said, Standing::Leaking);
            assert_eq!(red, None, "{name}, {pace:?}: {said:?}");
        }
    }
}

#[test]
fn what_does_not_leak_is_not_said_to_over_a_day_either() {
    let pace = Pace {
        answers: 10,
        looks: 60,
    };
    let slow = [
        "traffic of a day",
        "flush every 10 min",
        "sessions of 10 min",
    ];
    for (name, step) in harmless() {
        if slow.iter().any(|slow| name.starts_with(slow)) {
            let said = said(step, 3, 26 * 3_600, pace);
            let red = first(&said, Standing::Leaking);
            assert_eq!(red, None, "{name}: {said:?}");
        }
    }
}

#[test]
fn a_leak_is_said_and_that_is_never_taken_back() {
    for seed in 1..=2 {
        // The slow ones take long, and are what they are.
        let all = leaks().into_iter();
        for (name, within, step) in all.filter(|(_, within, _)| seed == 1 || *within < 2_000) {
            let pace = match (within, seed) {
                (5_000.., _) => Pace {
                    answers: 20,
                    looks: 3,
                },
                (_, 1) => USUAL,
                _ => SELDOM,
            };
            let said = said(step, seed, within + 300, pace);
            let red = first(&said, Standing::Leaking);
            assert!(red.is_some_and(|red| red <= within), "{name}: {said:?}");
            let last = said.last().map(|(_, standing)| *standing);
            assert_eq!(last, Some(Standing::Leaking), "{name}: {said:?}");
            let stopped = first(&said, Standing::Stopped);
            assert_eq!(stopped, None, "{name}: {said:?}");
        }
    }
}

#[test]
fn a_leak_by_chance_is_not_said_to_have_stopped_either() {
    for seed in 1..=3 {
        for (name, seconds, step) in leaks_by_chance() {
            let said = said(step, seed, seconds, SELDOM);
            // That it pauses for minutes is not known before it has gone on once.
            let most = usize::from(name == "for 5 min of 8");
            let stopped = standings(&said);
            let stopped = stopped.iter().filter(|now| **now == Standing::Stopped);
            assert!(stopped.count() <= most, "{name}: {said:?}");
        }
    }
}

/// What fills for long can't be told from a leak before it is full.
#[test]
fn a_slow_ring_is_taken_for_a_leak_no_longer_than_it_takes_to_renew_it() {
    for (room, seconds) in [(60, 60), (100, 20)] {
        for phase in 0..5 {
            let mut ring = slow_ring(room, seconds);
            let step: Step = Box::new(move |site, noise, second| ring(site, noise, second + phase));
            let pace = Pace {
                answers: 5,
                looks: 1,
            };
            let said = said(step, phase + 1, 3 * room * seconds, pace);
            let last = said.last().map(|(_, standing)| *standing);
            assert_ne!(last, Some(Standing::Leaking), "{room}: {said:?}");
            let flips = standings(&said);
            let flips = flips.iter().filter(|now| **now == Standing::Leaking);
            assert!(flips.count() <= 1, "{room}: {said:?}");
        }
    }
}

#[test]
fn a_leak_that_ends_is_said_to_have_stopped_once_and_soon() {
    for (name, per_second, buffers, within) in [
        ("alone", 5, 0, 25),
        ("under as much traffic", 5, 5, 80),
        ("under ten times the traffic", 2, 20, 400),
    ] {
        for on in [150, 300, 900] {
            let step: Step = Box::new(move |site, noise, second| {
                site.allocate(second, if second < on { per_second } else { 0 });
                let now = noise.below(2 * buffers + 1);
                site.allocate_for(second, now, 1);
            });
            let said = said(step, on, on + 600, USUAL);
            if first(&said, Standing::Leaking).is_none() {
                assert!(on == 150 && buffers == 20, "{name}, {on} s: {said:?}");
                continue;
            }
            let ended = first(&said, Standing::Stopped);
            assert!(
                ended.is_some_and(|ended| ended <= on + within),
                "{name}, {on} s: {said:?}"
            );
            let last = &standings(&said)[said.len() - 2..];
            assert_eq!(
                last,
                [Standing::Leaking, Standing::Stopped],
                "{name}, {on} s: {said:?}"
            );
        }
    }
}

#[test]
fn a_leak_that_begins_again_is_said_again_and_one_whose_blocks_go_is_forgotten() {
    let step: Step = Box::new(|site, _, second| {
        let leaks = second < 200 || (400..600).contains(&second);
        site.allocate(second, if leaks { 5 } else { 0 });
        if second == 900 {
            site.free_oldest(u64::MAX);
        }
    });
    let said = said(step, 1, 1_000, USUAL);
    let mut certain = said.clone();
    certain.retain(|(_, standing)| *standing != Standing::Suspected);
    assert_eq!(
        standings(&certain),
        [
            Standing::Quiet,
            Standing::Leaking,
            Standing::Stopped,
            Standing::Leaking,
            Standing::Stopped,
            Standing::Quiet,
        ],
        "{said:?}"
    );
    assert!((455..500).contains(&certain[3].0), "{said:?}");
}

/// A line of so many blocks a second, with the second at which each comes.
fn line(seconds: u64, per_second: u64) -> Vec<Moment> {
    let moment = |second: u64| Moment {
        time_us: BOOT + second * SECOND,
        count: second * per_second,
        bytes: second * per_second * BLOCK,
        allocations: second * per_second,
        frees: 0,
        oldest_us: BOOT,
        newest_us: BOOT + second * SECOND,
    };
    (0..=seconds).map(moment).collect()
}

fn at_once(history: &[Moment], known: &Known) -> Suspect {
    let mut suspect = Suspect::default();
    suspect.look(history, known);
    suspect
}

#[test]
fn growth_is_told_with_its_pace_and_for_how_long_it_lasts() {
    let suspect = at_once(&line(100, 2), &Known::default());
    assert_eq!(suspect.standing(), Standing::Suspected);
    let growth = suspect.growth().expect("it grows");
    assert_eq!(growth.duration_us, 100 * SECOND);
    assert!((190..=200).contains(&growth.gained), "{growth:?}");
    let pace = 120.0 * BLOCK as f64;
    assert!((growth.bytes_per_minute - pace).abs() < 1.0, "{growth:?}");
}

#[test]
fn nothing_is_said_before_its_time() {
    let known = Known::default();
    let standing = |history: &[Moment]| at_once(history, &known).standing();
    assert_eq!(standing(&[]), Standing::Quiet);
    assert_eq!(standing(&line(64, 20)), Standing::Quiet);
    assert_eq!(standing(&line(65, 1)), Standing::Suspected);
    assert_eq!(standing(&line(65, 20)), Standing::Leaking);
    // So few that only time tells.
    let mut few = line(900, 1);
    for moment in &mut few {
        moment.count /= 10;
    }
    assert_eq!(standing(&few[..900]), Standing::Suspected);
    assert_eq!(standing(&few), Standing::Leaking);
}

#[test]
fn growth_that_is_shorter_than_three_lifetimes_is_no_news() {
    let standing = |lifetime: u64| {
        let known = Known {
            longest_lifetime_us: lifetime * SECOND,
            ..Known::default()
        };
        at_once(&line(300, 5), &known).standing()
    };
    assert_eq!(standing(100), Standing::Leaking);
    assert_eq!(standing(101), Standing::Quiet);
}

#[test]
fn growth_below_an_earlier_peak_is_no_news_until_it_is_watched_for_long() {
    let standing = |seconds: u64, peak: u64| {
        let known = Known {
            peak_bytes: peak * BLOCK,
            ..Known::default()
        };
        at_once(&line(seconds, 1), &known).standing()
    };
    assert_eq!(standing(300, 333), Standing::Leaking);
    assert_eq!(standing(300, 334), Standing::Quiet);
    assert_eq!(standing(900, 9_999), Standing::Leaking);
}

#[test]
fn growth_whose_first_blocks_are_gone_is_shorter() {
    let mut history = line(200, 5);
    history.last_mut().expect("there are some").oldest_us = BOOT + 110 * SECOND;
    let suspect = at_once(&history, &Known::default());
    let growth = suspect.growth().expect("it grows");
    assert!(growth.duration_us <= 180 * SECOND, "{growth:?}");
}

#[test]
fn growth_that_slows_down_is_none() {
    let mut history = line(160, 5);
    for moment in &mut history[100..] {
        moment.count = 500 + (moment.count - 500) / 5;
    }
    let suspect = at_once(&history, &Known::default());
    assert_eq!(suspect.standing(), Standing::Quiet);
}

#[test]
fn extreme_numbers_do_not_panic() {
    let mut suspect = Suspect::default();
    let mut history = Vec::new();
    for step in 0..60_u64 {
        let odd = if step % 3 == 0 { u64::MAX } else { step };
        history.push(Moment {
            time_us: u64::MAX / 60 * step,
            count: odd,
            bytes: odd,
            allocations: odd,
            frees: step,
            oldest_us: odd,
            newest_us: odd,
        });
        let known = Known {
            longest_lifetime_us: odd,
            peak_bytes: odd,
        };
        suspect.look(&history, &known);
    }
}
