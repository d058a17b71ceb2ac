use heapbeacon_shared::api::{Stack, Trace};
use heapbeacon_shared::trace::{Address, Cut, State, Summary};

use crate::model::history::piles_up;

use super::*;

const SECOND: u64 = 1_000_000;

fn leak(id: u32, frame: u64, task: &str, count: u64, second: u64) -> Leak {
    let mut stack = Stack {
        id,
        task: Some(task.try_into().expect("short")),
        ..Stack::default()
    };
    stack.frames.push(Address(frame)).expect("room");
    Leak {
        stack,
        count,
        bytes: count * 100,
        oldest_us: 1,
        newest_us: second * SECOND,
    }
}

fn page(second: u64, leaks: Vec<Leak>) -> LeaksPage {
    LeaksPage {
        trace_id: 1,
        time_us: second * SECOND,
        total: leaks.len() as u32,
        leaks,
    }
}

#[test]
fn a_site_is_marked_by_what_cuts_its_call_stacks_and_a_task_is_not() {
    let mut leak = leak(1, 0x10, "net", 1, 1);
    leak.stack.cut = Some(Cut::Interrupt);
    let page = page(1, vec![leak]);
    let tag = |grouping| judged(&page, &[], grouping)[0].tag();
    assert_eq!(tag(Grouping::CallSite), Some("interrupt"));
    assert_eq!(tag(Grouping::Task), None);
}

/// Watches for so many seconds: stack 1 gains a block each second, stack 2 stays.
fn watched(seconds: u64, grouping: Grouping) -> Vec<Site> {
    let page_at = |second| {
        page(
            second,
            vec![
                leak(1, 0x10, "net", second, second),
                leak(2, 0x20, "net", 5, 0),
            ],
        )
    };
    let snapshots: Vec<_> = (1..=seconds)
        .map(|second| Snapshot::of(&page_at(second), &Trace::default()))
        .collect();
    judged(&page_at(seconds), &snapshots, grouping)
}

fn judged(page: &LeaksPage, snapshots: &[Snapshot], grouping: Grouping) -> Vec<Site> {
    let mut watched = Watched::default();
    for snapshot in snapshots {
        watched.push(snapshot.clone());
    }
    judged_by(page, &mut watched, grouping)
}

fn judged_by(page: &LeaksPage, watched: &mut Watched, grouping: Grouping) -> Vec<Site> {
    let mut sites = group(page, watched.snapshots(), &mut Names::default(), grouping);
    judge(&mut sites, watched);
    sites
}

#[test]
fn a_site_that_gains_blocks_is_growing_and_one_that_does_not_is_not() {
    let sites = watched(80, Grouping::CallSite);
    assert_eq!(sites.len(), 2);
    assert_eq!(sites[0].standing(), Standing::Suspected);
    assert!(
        matches!(sites[0].verdict, Verdict::Growing { .. }),
        "{:?}",
        sites[0].verdict
    );
    assert!(
        (sites[0].growth() - 6_000.0).abs() < 600.0,
        "{}",
        sites[0].growth()
    );
    assert_eq!(sites[0].gained, 7_900);
    assert_eq!(sites[1].growth(), 0.0);
}

/// Polls a site once a second, with so many blocks at each, and gives up what the trace recorded of it.
fn polled(moments: impl IntoIterator<Item = (State, u64)>) -> Vec<Site> {
    let mut watched = Watched::default();
    let mut before = None;
    let mut last = LeaksPage::default();
    for (second, (state, count)) in (1..).zip(moments) {
        let now = Trace {
            summary: Summary {
                state,
                time_us: second * SECOND,
                ..Summary::default()
            },
            trace_id: 1,
            ..Trace::default()
        };
        if let Some(before) = &before {
            watched.follow(before, &now);
        }
        last = page(second, vec![leak(1, 0x10, "net", count, second)]);
        watched.take(&last, &now);
        before = Some(now);
    }
    judged_by(&last, &mut watched, Grouping::CallSite)
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
            assert!((site.growth() - 6_000.0).abs() < 600.0, "{site:?}");
            for more in 1..40 {
                let site = &polled(stopped().chain(leaking(more, 90)))[0];
                assert!(
                    (site.growth() - 6_000.0).abs() < 1_200.0,
                    "{more}: {site:?}"
                );
                let watched = site.watched_us / SECOND;
                assert!(watched <= 92 + more, "{watched} s of {more}");
            }
        }
    }
}

#[test]
fn what_was_freed_in_a_pause_and_comes_back_is_no_growth_of_what_was_watched_before() {
    let held = || during(60, State::Recording, 50).chain(during(30, State::Paused, 3));
    let sites = polled(held().chain(during(1, State::Recording, 3)));
    assert_eq!(sites[0].verdict, Verdict::TooEarly { seconds_of_data: 0 });
    let sites = polled(held().chain(leaking(20, 3)));
    assert!(sites[0].only_rises(), "{:?}", sites[0].verdict);
    assert!(sites[0].watched_us < 20 * SECOND);
}

#[test]
fn a_site_that_held_nothing_is_watched_from_its_first_block_on() {
    let sites = polled(during(90, State::Recording, 0).chain(leaking(15, 0)));
    assert!(sites[0].only_rises(), "{:?}", sites[0].verdict);
    let watched = sites[0].watched_us / SECOND;
    assert!((14..=16).contains(&watched), "{watched} s");
}

#[test]
fn a_site_that_a_cut_list_did_not_name_before_has_not_grown() {
    let full = page(20, vec![leak(1, 0x10, "net", 50, 1)]);
    let mut cut = Snapshot::of(&page(1, Vec::new()), &Trace::default());
    cut.is_complete = false;
    let sites = judged(
        &full,
        &[cut, Snapshot::of(&full, &Trace::default())],
        Grouping::CallSite,
    );
    assert_eq!(sites[0].gained, 0);
    assert_eq!(sites[0].points.len(), 2);
}

/// A table that is full after ten seconds: a leak and a cache of ten blocks each gain a block a second. Once
/// the cache is full it frees its oldest one a second, which has no record any more.
fn overflowed_at(second: u64) -> (LeaksPage, Trace) {
    let live = second.min(10);
    let evicted = second - live;
    let of = |id, frame| {
        let mut leak = leak(id, frame, "net", live, second);
        leak.stack.allocations = second;
        leak.stack.evicted = evicted;
        leak.oldest_us = (second - live) * SECOND;
        leak
    };
    let trace = Trace {
        summary: Summary {
            live_count: 2 * live,
            evicted_live: 2 * evicted,
            evicted_live_bytes: 200 * evicted,
            unmatched_frees: evicted,
            ..Summary::default()
        },
        ..Trace::default()
    };
    (page(second, vec![of(1, 0x10), of(2, 0x20)]), trace)
}

#[test]
fn a_leak_keeps_growing_after_the_table_is_full_and_what_only_may_grow_is_in_doubt() {
    let seen: Vec<_> = (1..=120).map(overflowed_at).collect();
    let of = |(page, trace): &(LeaksPage, Trace)| Snapshot::of(page, trace);
    let snapshots: Vec<_> = seen.iter().map(of).collect();
    for now in 80..=120 {
        let sites = judged(&seen[now - 1].0, &snapshots[..now], Grouping::CallSite);
        for site in &sites {
            assert!((site.growth() - 6_000.0).abs() < 600.0, "{now}: {site:?}");
            assert_eq!((site.count, site.in_doubt()), (10, now as u64 - 10));
        }
        assert!(piles_up(&snapshots[..now]), "{now}");
    }
}

#[test]
fn blocks_that_are_freed_after_their_records_do_not_pile_up() {
    let replaced = |second| {
        let (page, mut trace) = overflowed_at(second);
        trace.summary.unmatched_frees = trace.summary.evicted_live;
        Snapshot::of(&page, &trace)
    };
    let snapshots: Vec<_> = (1..=120).map(replaced).collect();
    assert!((1..=120).all(|now| !piles_up(&snapshots[..now])));
}

/// Returns the seconds of half an hour at which blocks are said to pile up, of the blocks that are live at each.
fn seconds_of_piling_up(live: impl Fn(u64) -> u64) -> Vec<u64> {
    let mut watched = Watched::default();
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
        let mut leak = leak(1, 0x10, "net", 0, 0);
        leak.stack.evicted = second;
        let trace = Trace {
            summary: Summary {
                evicted_live: second,
                evicted_live_bytes: second * 40,
                ..Summary::default()
            },
            ..Trace::default()
        };
        let page = page(second, vec![leak]);
        let snapshot = Snapshot::of(&page, &trace);
        (page, snapshot)
    };
    let seen: Vec<_> = (1..=90).map(evicted).collect();
    let snapshots: Vec<_> = seen.iter().map(|(_, snapshot)| snapshot.clone()).collect();
    let site = &judged(&seen[89].0, &snapshots, Grouping::CallSite)[0];
    assert_eq!((site.count, site.in_doubt()), (0, 89));
    assert!((site.growth() - 2_400.0).abs() < 240.0, "{site:?}");
}

#[test]
fn after_a_few_seconds_it_is_too_early_to_say() {
    let sites = watched(4, Grouping::CallSite);
    assert_eq!(sites[0].verdict, Verdict::TooEarly { seconds_of_data: 3 });
}

#[test]
fn grouping_by_task_adds_up_all_stacks_of_the_task() {
    let sites = watched(10, Grouping::Task);
    assert_eq!(sites.len(), 1);
    assert_eq!((sites[0].name.as_str(), sites[0].count), ("task net", 15));
    assert_eq!((sites[0].stacks.len(), sites[0].call_sites), (2, 2));
}

#[test]
fn blocks_of_different_origin_never_share_a_row() {
    let of = |id, origin| {
        let mut leak = leak(id, 0x10, "net", 1, 0);
        leak.stack.origin = origin;
        leak
    };
    let origins = [Origin::Application, Origin::Agent, Origin::Driver];
    let leaks = (1..).zip(origins).map(|(id, origin)| of(id, origin));
    let page = page(1, leaks.collect());
    for grouping in [Grouping::CallSite, Grouping::CallStack, Grouping::Task] {
        let sites = group(&page, &[], &mut Names::default(), grouping);
        for origin in origins {
            let of_origin = sites.iter().filter(|site| site.origin == origin);
            assert_eq!(of_origin.count(), 1, "{grouping:?}");
        }
    }
}

#[test]
fn a_filter_finds_names_and_tasks_whatever_their_case() {
    let site = &watched(2, Grouping::CallSite)[0];
    assert!(site.matches("") && site.matches("NET") && site.matches("0x000000"));
    assert!(!site.matches("wifi"));
}
