use heapbeacon_shared::api::{Address, Cut, Stack, Trace};

use crate::state::history::piles_up;

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
    let mark = |grouping| judged(&page, &[], grouping)[0].mark();
    assert_eq!(mark(Grouping::CallSite), Some("interrupt"));
    assert_eq!(mark(Grouping::Task), None);
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
    let mut sites = group(page, snapshots, &mut Names::default(), grouping);
    judge(&mut sites, snapshots, page.time_us);
    sites
}

#[test]
fn a_site_that_gains_blocks_is_growing_and_one_that_does_not_is_not() {
    let sites = watched(40, Grouping::CallSite);
    assert_eq!(sites.len(), 2);
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
    assert_eq!(sites[0].gained, 3_900);
    assert_eq!(sites[1].growth(), 0.0);
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
        live_count: 2 * live,
        evicted_live: 2 * evicted,
        evicted_live_bytes: 200 * evicted,
        unmatched_frees: evicted,
        ..Trace::default()
    };
    (page(second, vec![of(1, 0x10), of(2, 0x20)]), trace)
}

#[test]
fn a_leak_keeps_growing_after_the_table_is_full_and_what_only_may_grow_is_in_doubt() {
    let seen: Vec<_> = (1..=90).map(overflowed_at).collect();
    let of = |(page, trace): &(LeaksPage, Trace)| Snapshot::of(page, trace);
    let snapshots: Vec<_> = seen.iter().map(of).collect();
    for now in 20..=90 {
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
        trace.unmatched_frees = trace.evicted_live;
        Snapshot::of(&page, &trace)
    };
    let snapshots: Vec<_> = (1..=60).map(replaced).collect();
    assert!(piles_up(&snapshots[..12]));
    assert!(!piles_up(&snapshots));
}

#[test]
fn a_leak_without_a_single_record_is_still_a_site() {
    let evicted = |second| {
        let mut leak = leak(1, 0x10, "net", 0, 0);
        leak.stack.evicted = second;
        let trace = Trace {
            evicted_live: second,
            evicted_live_bytes: second * 40,
            ..Trace::default()
        };
        let page = page(second, vec![leak]);
        let snapshot = Snapshot::of(&page, &trace);
        (page, snapshot)
    };
    let seen: Vec<_> = (1..=60).map(evicted).collect();
    let snapshots: Vec<_> = seen.iter().map(|(_, snapshot)| snapshot.clone()).collect();
    let site = &judged(&seen[59].0, &snapshots, Grouping::CallSite)[0];
    assert_eq!((site.count, site.in_doubt()), (0, 59));
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
