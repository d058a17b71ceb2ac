use heapbeacon_shared::api::Stack;
use heapbeacon_shared::trace::{Address, Cut, Period};

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
