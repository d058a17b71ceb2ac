//! What is said of sites from one answer to the next, while the trace records and while it does not.

use heapbeacon_shared::analysis::{
    History, Judgement, Snapshot, Standing, Verdict, Watched, piles_up,
};
use heapbeacon_shared::api::{Leak, LeaksPage, Stack};
use heapbeacon_shared::trace::{Period, State, Summary};

const SECOND: u64 = 1_000_000;

/// A site, and what is said of it.
#[derive(Debug)]
struct Site {
    history: History,
    judgement: Judgement,
    count: u64,
}

/// What a call stack holds whose blocks have 100 bytes each, the newest from `second`.
fn leak(id: u32, count: u64, second: u64) -> Leak {
    Leak {
        stack: Stack {
            id,
            ..Stack::default()
        },
        count,
        bytes: count * 100,
        oldest_us: 1,
        newest_us: second * SECOND,
        ..Leak::default()
    }
}

fn page(second: u64, leaks: Vec<Leak>) -> LeaksPage {
    LeaksPage {
        trace_id: 1,
        period: Period {
            time_us: second * SECOND,
            ..Period::default()
        },
        total: leaks.len() as u32,
        leaks,
    }
}

/// Watches for so many seconds: stack 1 gains a block each second, stack 2 stays.
fn watched(seconds: u64) -> Vec<Site> {
    let page_at = |second| page(second, vec![leak(1, second, second), leak(2, 5, 0)]);
    let snapshots: Vec<_> = (1..=seconds)
        .map(|second| page_at(second).snapshot(&Summary::default()))
        .collect();
    judged(&page_at(seconds), &snapshots)
}

fn judged(page: &LeaksPage, snapshots: &[Snapshot]) -> Vec<Site> {
    let mut watched = Watched::<u32>::default();
    for snapshot in snapshots {
        watched.push(snapshot.clone());
    }
    judged_by(page, &mut watched)
}

/// Judges each call stack as a site of its own, in the order of the list.
fn judged_by(page: &LeaksPage, watched: &mut Watched<u32>) -> Vec<Site> {
    let held: Vec<_> = page.leaks.iter().map(Leak::held).enumerate().collect();
    let histories = History::of_each(held.len(), &held, watched.snapshots());
    let keys = page.leaks.iter().map(|leak| &leak.stack.id);
    let judged = watched.judge(keys.zip(&histories));
    let sites = histories.into_iter().zip(judged).zip(&page.leaks);
    sites
        .map(|((history, judgement), leak)| Site {
            history,
            judgement,
            count: leak.count,
        })
        .collect()
}

#[test]
fn a_site_that_gains_blocks_is_growing_and_one_that_does_not_is_not() {
    let sites = watched(80);
    assert_eq!(sites.len(), 2);
    assert_eq!(sites[0].judgement.standing(), Standing::Suspected);
    assert!(
        matches!(sites[0].judgement.verdict, Verdict::Growing { .. }),
        "{:?}",
        sites[0].judgement.verdict
    );
    assert!(
        (sites[0].judgement.growth() - 6_000.0).abs() < 600.0,
        "{}",
        sites[0].judgement.growth()
    );
    assert_eq!(sites[0].judgement.gained, 7_900);
    assert_eq!(sites[1].judgement.growth(), 0.0);
}

/// Polls a site once a second, with so many blocks at each, and gives up what the trace recorded of it.
fn polled(moments: impl IntoIterator<Item = (State, u64)>) -> Vec<Site> {
    let mut watched = Watched::<u32>::default();
    let mut before = None;
    let mut last = LeaksPage::default();
    for (second, (state, count)) in (1..).zip(moments) {
        let now = Summary {
            state,
            time_us: second * SECOND,
            ..Summary::default()
        };
        if let Some(before) = &before {
            watched.follow(before, &now);
        }
        last = page(second, vec![leak(1, count, second)]);
        watched.take(last.snapshot(&now), &now);
        before = Some(now);
    }
    judged_by(&last, &mut watched)
}

/// The same at each of so many seconds.
fn during(seconds: usize, state: State, count: u64) -> impl Iterator<Item = (State, u64)> {
    std::iter::repeat_n((state, count), seconds)
}

/// A leak of a block a second, with so many before.
fn leaking(seconds: u64, before: u64) -> impl Iterator<Item = (State, u64)> {
    (1..=seconds).map(move |second| (State::Recording, before + second))
}

#[test]
fn a_leak_stays_growing_for_as_long_as_nothing_is_recorded_and_on_when_it_is_again() {
    for state in [State::Stopped, State::Paused] {
        for seconds in [1, 12, 600] {
            let stopped = || leaking(90, 0).chain(during(seconds, state, 90));
            let site = &polled(stopped())[0];
            assert!(
                (site.judgement.growth() - 6_000.0).abs() < 600.0,
                "{site:?}"
            );
            for more in 1..40 {
                let site = &polled(stopped().chain(leaking(more, 90)))[0];
                assert!(
                    (site.judgement.growth() - 6_000.0).abs() < 1_200.0,
                    "{more}: {site:?}"
                );
                let watched = site.judgement.watched_us / SECOND;
                assert!(watched <= 92 + more, "{watched} s of {more}");
            }
        }
    }
}

#[test]
fn what_was_freed_in_a_pause_and_comes_back_is_no_growth_of_what_was_watched_before() {
    let held = || during(60, State::Recording, 50).chain(during(30, State::Paused, 3));
    let sites = polled(held().chain(during(1, State::Recording, 3)));
    assert_eq!(
        sites[0].judgement.verdict,
        Verdict::TooEarly { seconds_of_data: 0 }
    );
    let sites = polled(held().chain(leaking(20, 3)));
    assert!(
        sites[0].judgement.only_rises(),
        "{:?}",
        sites[0].judgement.verdict
    );
    assert!(sites[0].judgement.watched_us < 20 * SECOND);
}

#[test]
fn a_site_that_held_nothing_is_watched_from_its_first_block_on() {
    let sites = polled(during(90, State::Recording, 0).chain(leaking(15, 0)));
    assert!(
        sites[0].judgement.only_rises(),
        "{:?}",
        sites[0].judgement.verdict
    );
    let watched = sites[0].judgement.watched_us / SECOND;
    assert!((14..=16).contains(&watched), "{watched} s");
}

#[test]
fn a_site_that_a_cut_list_did_not_name_before_has_not_grown() {
    let full = page(20, vec![leak(1, 50, 1)]);
    let mut cut = page(1, Vec::new()).snapshot(&Summary::default());
    cut.is_complete = false;
    let sites = judged(&full, &[cut, full.snapshot(&Summary::default())]);
    assert_eq!(sites[0].judgement.gained, 0);
    assert_eq!(sites[0].history.points().len(), 2);
}

/// A table that is full after ten seconds: a leak and a cache of ten blocks each gain a block a second. Once
/// the cache is full it frees its oldest one a second, which has no record any more.
fn overflowed_at(second: u64) -> (LeaksPage, Summary) {
    let live = second.min(10);
    let evicted = second - live;
    let of = |id| {
        let mut leak = leak(id, live, second);
        leak.stack.allocations = second;
        leak.stack.evicted = evicted;
        leak.oldest_us = (second - live) * SECOND;
        leak
    };
    let summary = Summary {
        live_count: 2 * live,
        evicted_live: 2 * evicted,
        evicted_live_bytes: 200 * evicted,
        unmatched_frees: evicted,
        ..Summary::default()
    };
    (page(second, vec![of(1), of(2)]), summary)
}

#[test]
fn a_leak_keeps_growing_after_the_table_is_full_and_what_only_may_grow_is_in_doubt() {
    let seen: Vec<_> = (1..=120).map(overflowed_at).collect();
    let of = |(page, summary): &(LeaksPage, Summary)| page.snapshot(summary);
    let snapshots: Vec<_> = seen.iter().map(of).collect();
    for now in 80..=120 {
        let sites = judged(&seen[now - 1].0, &snapshots[..now]);
        for site in &sites {
            assert!(
                (site.judgement.growth() - 6_000.0).abs() < 600.0,
                "{now}: {site:?}"
            );
            assert_eq!((site.count, site.history.in_doubt()), (10, now as u64 - 10));
        }
        assert!(piles_up(&snapshots[..now]), "{now}");
    }
}

#[test]
fn blocks_that_are_freed_after_their_records_do_not_pile_up() {
    let replaced = |second| {
        let (page, mut summary) = overflowed_at(second);
        summary.unmatched_frees = summary.evicted_live;
        page.snapshot(&summary)
    };
    let snapshots: Vec<_> = (1..=120).map(replaced).collect();
    assert!((1..=120).all(|now| !piles_up(&snapshots[..now])));
}

/// Returns the seconds of half an hour at which blocks are said to pile up, of the blocks that are live at each.
fn seconds_of_piling_up(live: impl Fn(u64) -> u64) -> Vec<u64> {
    let mut watched = Watched::<u32>::default();
    let seconds = 0..1800;
    let piles_up_at = |second: &u64| {
        watched.push(Snapshot {
            time_us: second * SECOND,
            certain: live(*second).cast_signed(),
            ..Snapshot::default()
        });
        piles_up(watched.snapshots())
    };
    seconds.filter(piles_up_at).collect()
}

/// A number for each second that has nothing to do with the one before.
fn traffic(second: u64) -> u64 {
    let spread = (second + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (spread ^ (spread >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32 & 0xff_ffff
}

#[test]
fn a_leak_among_blocks_that_come_and_go_piles_up_within_minutes() {
    let seconds = seconds_of_piling_up(|second| second / 4 + traffic(second) % 60);
    assert!(seconds[0] < 300, "after {} s", seconds[0]);
    let later = seconds.iter().filter(|second| **second >= 300);
    assert!(later.count() > 1500 * 9 / 10, "{} s", seconds.len());
}

#[test]
fn blocks_that_only_come_and_go_never_pile_up() {
    let none: [u64; 0] = [];
    assert_eq!(seconds_of_piling_up(|second| traffic(second) % 60), none);
    assert_eq!(seconds_of_piling_up(|second| traffic(second) % 12), none);
    // They are gathered, and freed all at once.
    assert_eq!(seconds_of_piling_up(|second| second % 60), none);
}

#[test]
fn a_leak_that_is_stopped_no_longer_piles_up_after_minutes() {
    let seconds = seconds_of_piling_up(|second| second.min(900) / 4 + traffic(second) % 60);
    let later = seconds.iter().filter(|second| **second >= 1260);
    assert!(later.count() < 1800 / 50, "{seconds:?}");
}

#[test]
fn a_leak_without_a_single_record_is_still_a_site() {
    let evicted = |second| {
        let mut leak = leak(1, 0, 0);
        leak.stack.evicted = second;
        let summary = Summary {
            evicted_live: second,
            evicted_live_bytes: second * 40,
            ..Summary::default()
        };
        let page = page(second, vec![leak]);
        let snapshot = page.snapshot(&summary);
        (page, snapshot)
    };
    let seen: Vec<_> = (1..=90).map(evicted).collect();
    let snapshots: Vec<_> = seen.iter().map(|(_, snapshot)| snapshot.clone()).collect();
    let site = &judged(&seen[89].0, &snapshots)[0];
    assert_eq!((site.count, site.history.in_doubt()), (0, 89));
    assert!(
        (site.judgement.growth() - 2_400.0).abs() < 240.0,
        "{site:?}"
    );
}

#[test]
fn after_a_few_seconds_it_is_too_early_to_say() {
    let sites = watched(4);
    assert_eq!(
        sites[0].judgement.verdict,
        Verdict::TooEarly { seconds_of_data: 3 }
    );
}
