use heapbeacon_shared::api::Stack;
use heapbeacon_shared::frames::Frame;
use heapbeacon_shared::trace::{Address, Cut, Period};
use heapbeacon_worker::protocol::{Found, Wanted};

use super::opened::Opened;
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

/// Groups two call stacks of one task: of fifteen blocks, the first has ten.
fn grouped(grouping: Grouping) -> Vec<Site> {
    let leaks = vec![leak(1, 0x10, "net", 10, 10), leak(2, 0x20, "net", 5, 0)];
    group(&page(10, leaks), &[], &mut Names::default(), grouping)
}

#[test]
fn a_site_is_marked_by_what_cuts_its_call_stacks_and_a_task_is_not() {
    let mut leak = leak(1, 0x10, "net", 1, 1);
    leak.stack.cut = Some(Cut::Interrupt);
    let page = page(1, vec![leak]);
    let tag = |grouping| group(&page, &[], &mut Names::default(), grouping)[0].tag();
    assert_eq!(tag(Grouping::CallSite), Some("interrupt"));
    assert_eq!(tag(Grouping::Task), None);
}

#[test]
fn grouping_by_task_adds_up_all_stacks_of_the_task() {
    let sites = grouped(Grouping::Task);
    assert_eq!(sites.len(), 1);
    assert_eq!((sites[0].name.as_str(), sites[0].count), ("task net", 15));
    assert_eq!((sites[0].stacks.len(), sites[0].call_sites), (2, 2));
}

/// Names under which both call stacks end in the user's `open`, one of them by way of a library.
fn names() -> Names {
    let frame = |address, function: &str, file: &str| Frame {
        address,
        function: Some(function.to_owned()),
        file: Some(file.to_owned()),
        line: Some(7),
        ..Frame::default()
    };
    let library =
        "/home/me/.cargo/registry/src/index.crates.io-6f17d22bba15001f/lib-1.0.0/src/lib.rs";
    let wanted = Wanted {
        addresses: vec![0x10, 0x11, 0x20, 0x30],
        ..Wanted::default()
    };
    let found = Found {
        frames: vec![
            vec![frame(0x10, "lib::grow", library)],
            vec![frame(0x11, "lib::grow_more", library)],
            vec![frame(0x20, "app::open", "/home/me/app/src/open.rs")],
            vec![frame(0x30, "app::net::step", "/home/me/app/src/net.rs")],
        ],
        ..Found::default()
    };
    let mut names = Names::default();
    names.learn(&wanted, found);
    names
}

fn leak_by(id: u32, frames: &[u64]) -> Leak {
    let mut leak = leak(id, 0, "net", 10, 1);
    leak.stack.frames = frames.iter().map(|frame| Address(*frame)).collect();
    leak
}

#[test]
fn call_stacks_that_differ_in_library_frames_only_are_one() {
    let ways: [&[u64]; 3] = [&[0x10, 0x20, 0x30], &[0x11, 0x20, 0x30], &[0x10, 0x20]];
    let leaks = (1..).zip(ways).map(|(id, frames)| leak_by(id, frames));
    let page = page(10, leaks.collect());
    let sites = group(&page, &[], &mut names(), Grouping::CallSite);
    assert_eq!((sites.len(), sites[0].name.as_str()), (1, "app::open"));
    let stacks = sites[0].stacks.iter();
    let counts: Vec<_> = stacks
        .map(|stack| (stack.count, stack.alike.len()))
        .collect();
    assert_eq!(counts, [(20, 1), (10, 0)]);
    let mut ids = sites[0].stack_ids();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 3]);
    // So they are in a list of call stacks.
    let sites = group(&page, &[], &mut names(), Grouping::CallStack);
    let counts: Vec<_> = sites.iter().map(|site| site.count).collect();
    assert_eq!(counts, [20, 10]);
}

#[test]
fn a_site_has_a_caller_where_all_of_its_call_stacks_have_the_same() {
    let caller = |ways: &[&[u64]]| {
        let leaks = (1..).zip(ways).map(|(id, frames)| leak_by(id, frames));
        let page = page(10, leaks.collect());
        let sites = group(&page, &[], &mut names(), Grouping::CallSite);
        sites[0].caller().map(str::to_owned)
    };
    let called = caller(&[&[0x10, 0x20, 0x30], &[0x11, 0x20, 0x30]]);
    assert_eq!(called.as_deref(), Some("net::step"));
    assert_eq!(caller(&[&[0x10, 0x20, 0x30], &[0x10, 0x20]]), None);
    assert_eq!(caller(&[&[0x1, 0x2]]), Some("0x00000002".to_owned()));
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
    let site = &grouped(Grouping::CallSite)[0];
    assert!(site.matches("") && site.matches("NET") && site.matches("0x000000"));
    assert!(!site.matches("wifi"));
}

#[test]
fn a_row_stays_open_when_names_come_and_change_its_key() {
    let sites = grouped(Grouping::CallSite);
    let keys = vec![sites[1].key.clone()];
    let mut opened = Opened::default();
    assert_eq!(opened.follow(&keys, &sites), keys);
    let mut named = sites.clone();
    named.swap(0, 1);
    named[0].key = "Table::open session.rs:56".to_owned();
    let followed = opened.follow(&keys, &named);
    assert_eq!(followed, ["Table::open session.rs:56"]);
    assert_eq!(opened.follow(&followed, &named), followed);
    // What is listed no more, and what the address names that was never listed, may come again.
    assert_eq!(opened.follow(&followed, &[]), followed);
    assert_eq!(opened.follow(&keys, &[]), keys);
}

#[test]
fn what_is_said_of_a_site_in_all_of_the_trace_is_said_of_it_in_a_part() {
    use heapbeacon_shared::trace::Kind;

    use crate::model::finding::tests::site;

    let all = [site("leaks", Kind::Leaking), site("steady", Kind::Plateau)];
    let in_part = |name| Site {
        count: 1,
        ..site(name, Kind::TooEarly)
    };
    let mut part = [in_part("new"), in_part("leaks")];
    judge_as(&mut part, &all);
    assert_eq!(
        part.each_ref().map(|site| site.judgement.kind()),
        [Kind::TooEarly, Kind::Leaking]
    );
    assert_eq!(part[1].count, 1);
}
