use heapbeacon_shared::api::{Leak, LeaksPage, Record, Stack};
use heapbeacon_shared::trace::{Address, Cut, Origin, Outlived};

use super::measure::{of_leaks, of_records};
use super::*;
use crate::model::span::Span;

fn stack(id: u32, task: &str, frames: &[u64]) -> Stack {
    Stack {
        id,
        task: task.try_into().ok(),
        frames: frames.iter().map(|frame| Address(*frame)).collect(),
        ..Stack::default()
    }
}

fn leak(stack: Stack, count: u64, bytes: u64) -> Leak {
    Leak {
        stack,
        count,
        bytes,
        ..Leak::default()
    }
}

/// Two tasks, three call sites; the first two are reached on one way.
fn page() -> LeaksPage {
    LeaksPage {
        leaks: vec![
            leak(stack(1, "net", &[0x10, 0x20, 0x30]), 4, 400),
            leak(stack(2, "net", &[0x11, 0x20, 0x30]), 1, 100),
            leak(stack(3, "sensor", &[0x12, 0x30]), 2, 300),
        ],
        ..LeaksPage::default()
    }
}

fn flame(page: &LeaksPage, shape: Shape) -> Flame {
    Flame::new(
        &of_leaks(page, Measure::Bytes),
        &mut Names::default(),
        shape,
    )
}

/// Returns the names and values of all nodes that are drawn, each with how far it is from the root.
fn outline(flame: &Flame) -> Vec<String> {
    let rows = flame.outline(0, 1, usize::MAX).into_iter();
    let row = |(node, depth): (usize, usize)| {
        let label = flame.label(node);
        format!("{depth} {} {}", label.name, flame.total(node))
    };
    rows.map(row).collect()
}

#[test]
fn callers_come_first_and_behind_each_what_it_has_called() {
    let flame = flame(&page(), Shape::default());
    assert_eq!(
        outline(&flame),
        [
            "0 all tasks 800",
            "1 task net 500",
            "2 0x00000030 500",
            "3 0x00000020 500",
            "4 0x00000010 400",
            "4 0x00000011 100",
            "1 task sensor 300",
            "2 0x00000030 300",
            "3 0x00000012 300",
        ]
    );
}

#[test]
fn inverted_the_call_sites_come_first_and_all_stays_what_it_is() {
    let shape = Shape {
        is_inverted: true,
        joins_tasks: true,
        ..Shape::default()
    };
    let inverted = flame(&page(), shape);
    assert_eq!(
        outline(&inverted),
        [
            "0 everything 800",
            "1 0x00000010 400",
            "2 0x00000020 400",
            "3 0x00000030 400",
            "1 0x00000012 300",
            "2 0x00000030 300",
            "1 0x00000011 100",
            "2 0x00000020 100",
            "3 0x00000030 100",
        ]
    );
    assert_eq!(inverted.own(0), 0);
}

#[test]
fn a_node_is_found_again_in_another_reading_and_nothing_else_is() {
    let mut page = page();
    let before = flame(&page, Shape::default());
    page.leaks.reverse();
    page.leaks[0].bytes = 900;
    let after = flame(&page, Shape::default());
    for node in 0..before.totals().len() {
        let again = after.find(before.id(node));
        assert_eq!(before.label(node), after.label(again));
        assert_eq!(before.path(node).len(), after.path(again).len());
    }
    assert_eq!(after.find(NOWHERE), 0);
    assert!(!after.has(NOWHERE));
}

#[test]
fn what_a_search_finds_counts_once_however_often_it_is_on_the_way() {
    let flame = flame(&page(), Shape::default());
    let found = |text: &str| flame.matching(0, &flame.matches(text));
    assert_eq!(found("0x0000001"), 800, "three call sites");
    assert_eq!(found(" 0X00000020 "), 500);
    assert_eq!(found("0x000000"), 800, "on every way more than once");
    assert_eq!(found("sensor"), 300);
    assert_eq!(found("nobody"), 0);
    assert!(flame.matches("  ").is_empty());
    let net = flame.children()[0][0];
    assert_eq!(flame.matching(net, &flame.matches("sensor")), 0);
    let behind = flame.children()[net][0];
    assert_eq!(flame.matching(behind, &flame.matches("task net")), 500);
}

#[test]
fn a_call_site_has_its_key_and_who_called_it_has_none() {
    let flame = flame(&page(), Shape::default());
    let with_site: Vec<_> = (0..flame.totals().len())
        .filter_map(|node| flame.label(node).site.as_deref())
        .collect();
    assert_eq!(
        with_site,
        [
            "0x00000010 0x00000020 0x00000030",
            "0x00000011 0x00000020 0x00000030",
            "0x00000012 0x00000030"
        ]
    );
}

#[test]
fn a_stack_that_ends_early_or_has_no_frames_says_so_on_the_way() {
    let cut = Stack {
        cut: Some(Cut::Depth),
        ..stack(1, "", &[0x10])
    };
    let shared = Stack {
        origin: Origin::Application,
        ..stack(0, "", &[])
    };
    let page = LeaksPage {
        leaks: vec![leak(cut, 1, 20), leak(shared, 1, 10)],
        ..LeaksPage::default()
    };
    assert_eq!(
        outline(&flame(&page, Shape::default())),
        [
            "0 all tasks 30",
            "1 no task 30",
            "2 cut short 20",
            "3 0x00000010 20",
            "2 call stacks without room 10",
        ]
    );
}

#[test]
fn rows_are_as_many_as_are_wanted_and_come_to_as_much() {
    let flame = flame(&page(), Shape::default());
    let nodes = |least, most| flame.outline(0, least, most).len();
    assert_eq!((nodes(1, 3), nodes(300, 99), nodes(301, 99)), (3, 8, 5));
}

#[test]
fn each_measure_is_taken_from_what_tells_it() {
    let mut page = page();
    page.leaks[1].outlived = Outlived {
        count: 1,
        bytes: 60,
    };
    let sum = |weights: &[Weight<'_>]| {
        let value = weights.iter().map(|weight| weight.value).sum::<u64>();
        (value, weights.iter().map(|weight| weight.blocks).sum())
    };
    assert_eq!(sum(&of_leaks(&page, Measure::Bytes)), (800, 7));
    assert_eq!(sum(&of_leaks(&page, Measure::Blocks)), (7, 7));
    assert_eq!(sum(&of_leaks(&page, Measure::Outlived)), (60, 1));

    let stacks = [stack(1, "", &[1]), stack(2, "", &[2])];
    let record = |time_us: u64, stack: u32, freed_us: Option<u64>| Record {
        seq: time_us,
        time_us,
        stack,
        size: 10,
        freed: freed_us.is_some(),
        freed_time_us: freed_us,
        ..Record::default()
    };
    let records = [
        record(10, 1, Some(11)),
        record(20, 1, Some(90)),
        record(30, 2, None),
        record(40, 2, None),
        record(50, 9, None),
    ];
    let all = Span::default();
    let of = |measure, span| sum(&of_records(&records, &stacks, measure, span));
    assert_eq!(of(Measure::Allocated, all), (40, 4));
    assert_eq!(of(Measure::Temporary, all), (1, 1));
    assert_eq!(of(Measure::Allocated, all.with_end("since", "35")), (10, 1));
    assert_eq!(of(Measure::Temporary, all.with_end("since", "35")), (0, 0));
}

#[test]
fn a_node_is_described_with_its_share_of_all() {
    let flame = flame(&page(), Shape::default());
    let net = flame.children()[0][0];
    assert_eq!(
        flame.words(net, Measure::Bytes),
        "500 B · 63 % of all · 5 blocks"
    );
    assert_eq!(flame.words(0, Measure::Bytes), "800 B · 7 blocks");
    assert_eq!(
        [
            (0, 9),
            (1, 1_000),
            (1, 100),
            (5, 1_000),
            (999, 1_000),
            (7, 7),
            (1, 0)
        ]
        .map(|(part, whole)| share(part, whole)),
        ["0 %", "<1 %", "1 %", "<1 %", "100 %", "100 %", "100 %"]
    );
}

#[test]
fn every_measure_has_a_name_of_its_own() {
    for measure in Measure::ALL {
        assert_eq!(Measure::named(measure.name()), measure);
        assert!(measure.heading(3).contains(&measure.words(3)));
        assert!(!measure.none().is_empty() && !measure.hint().is_empty());
    }
    assert_eq!(Measure::named("nonsense"), Measure::Bytes);
}

#[test]
fn of_nothing_there_is_nothing_and_whoever_asks_gets_that() {
    let nothing = flame(&LeaksPage::default(), Shape::default());
    assert!(nothing.is_empty());
    assert_eq!((nothing.find(7), nothing.id(0)), (0, NOWHERE));
    assert_eq!(nothing.label(0).name, "");
    assert_eq!((nothing.own(0), nothing.blocks(0)), (0, 0));
    assert!(nothing.path(0).is_empty());
    assert_eq!(nothing.matching(0, &nothing.matches("x")), 0);
}
