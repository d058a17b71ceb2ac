use heapbeacon_shared::trace::{Reference, Scope, Span};
use heapbeacon_worker::protocol::{Found, Wanted};

use super::*;

/// Where the one static root of these tests is, and its heap.
const ROOT: u64 = 0x100;
const HEAP: u64 = 0x1000;

fn record(address: u64, stack: u32) -> Record {
    Record {
        // Each at a time of its own.
        seq: address,
        address: Address(address),
        size: 16,
        stack,
        ..Record::default()
    }
}

fn stack(id: u32) -> Stack {
    Stack {
        id,
        frames: [Address(u64::from(id))].into_iter().collect(),
        ..Stack::default()
    }
}

/// What a scan has found that began when all blocks were there.
fn page(references: &[(u64, u64)]) -> ReferencesPage {
    let root = |kind, name: &str, start| Root {
        kind,
        name: name.try_into().expect("short"),
        start: Address(start),
        size: 0x100,
    };
    let references = references.iter().map(|(at, to)| Reference {
        at: Address(*at),
        to: Address(*to),
    });
    ReferencesPage {
        trace_id: 3,
        heap: vec![Span {
            start: Address(HEAP),
            size: 0x1000,
        }],
        roots: vec![
            root(RootKind::Static, ".bss", ROOT),
            root(RootKind::Stack, "net", 0x300),
        ],
        references: references.collect(),
        scan: Some(Scan {
            started_us: 0x9000,
            scope: Scope::Blocks,
            is_whole: true,
            ..Scan::default()
        }),
    }
}

fn scanned(records: &[Record], references: &[(u64, u64)], before: Option<&Scanned>) -> Scanned {
    let stacks: Vec<_> = (1..=4).map(stack).collect();
    Scanned::new(records, &stacks, page(references), before).expect("the trace goes on")
}

/// Names under which the address of a static is known.
fn names() -> Names {
    let wanted = Wanted {
        statics: vec![ROOT + 0x10, ROOT + 0x18],
        ..Wanted::default()
    };
    let found = Found {
        statics: vec![
            Some(("app::net::NET".to_owned(), 0)),
            Some(("app::net::NET".to_owned(), 8)),
        ],
        ..Found::default()
    };
    let mut names = Names::default();
    names.learn(&wanted, found);
    names
}

fn told(steps: &[Step]) -> Vec<String> {
    let told = |step: &Step| format!("{} {} {} x{}", step.what, step.name, step.place, step.times);
    steps.iter().map(told).collect()
}

#[test]
fn a_chain_begins_at_a_static_that_is_named_and_counts_blocks_of_one_call_site() {
    let records = [0x1000, 0x1100, 0x1200, 0x1300].map(|address| match address {
        0x1000 => record(address, 1),
        _ => record(address, 2),
    });
    let list = [
        (ROOT + 0x18, 0x1000),
        (0x1008, 0x1100),
        (0x1108, 0x1200),
        (0x1208, 0x1304),
    ];
    let scanned = scanned(&records, &list, None);
    assert_eq!(scanned.statics(), BTreeSet::from([ROOT + 0x18]));
    let held = scanned.held_by(&[2], &mut names());
    assert_eq!((held.blocks, held.sampled), (3, 3));
    // The first has no other of its call site before it, the others one or two.
    let chains: Vec<_> = held.holdings.iter().map(|it| told(&it.chain)).collect();
    let root = "static net::NET + 0x8 x1";
    let table = "block of 0x00000001  x1";
    assert_eq!(
        chains,
        [
            vec![root, table, "block of 0x00000002  x2"],
            vec![root, table],
        ]
    );
    assert_eq!(held.holdings[0].blocks, 2);
}

#[test]
fn chains_that_differ_in_places_only_are_one() {
    let records = [record(0x1000, 1), record(0x1100, 1), record(0x1200, 1)];
    let references = [
        (ROOT + 0x10, 0x1000),
        (ROOT + 0x18, 0x1100),
        (0x320, 0x1200),
    ];
    let held = scanned(&records, &references, None).held_by(&[1], &mut names());
    let chains: Vec<_> = held.holdings.iter().map(|it| told(&it.chain)).collect();
    assert_eq!(
        chains,
        [vec!["static net::NET  x1"], vec!["stack of task net  x1"]]
    );
}

#[test]
fn a_block_is_lost_after_two_scans_and_stays_so_until_it_is_freed() {
    let records = [record(0x1000, 1), record(0x1100, 2)];
    let held = [(ROOT + 0x10, 0x1000)];
    let first = scanned(&records, &held, None);
    assert_eq!(first.lost_of(&[2]), Lost::default());
    let how = |scanned: &Scanned| scanned.held_by(&[2], &mut names()).holdings[0].how;
    assert_eq!(how(&first), How::Unreached);
    let second = scanned(&records, &held, Some(&first));
    let lost = Lost {
        count: 1,
        bytes: 16,
    };
    assert_eq!((second.lost_of(&[2]), how(&second)), (lost, How::Lost));
    assert_eq!(second.lost_of(&[1]), Lost::default());
    // By chance a word looks like its address.
    let stale = [(ROOT + 0x10, 0x1000), (ROOT + 0x18, 0x1100)];
    let third = scanned(&records, &stale, Some(&second));
    assert_eq!((third.lost_of(&[2]), how(&third)), (lost, How::Lost));
    let freed = scanned(&records[..1], &held, Some(&third));
    assert_eq!(freed.lost_of(&[2]), Lost::default());
}

#[test]
fn scans_of_different_traces_agree_on_nothing() {
    let records = [record(0x1100, 2)];
    let first = scanned(&records, &[], None);
    let other = Scanned {
        trace_id: 2,
        ..first
    };
    assert_eq!(
        scanned(&records, &[], Some(&other)).lost_of(&[2]),
        Lost::default()
    );
}

#[test]
fn blocks_that_only_memory_without_a_record_holds_are_not_called_held() {
    let records = [record(0x1000, 1), record(0x1100, 1)];
    let references = [(0x1800, 0x1000), (0x1808, 0x1100)];
    let held = scanned(&records, &references, None).held_by(&[1], &mut names());
    let [holding] = held.holdings.as_slice() else {
        panic!("{held:?}");
    };
    assert_eq!((holding.how, holding.blocks), (How::Untraced, 2));
    assert_eq!(told(&holding.chain), ["heap memory without a record   x1"]);
}

#[test]
fn a_word_that_has_moved_is_called_that_and_no_memory() {
    let held = scanned(&[record(0x1000, 1)], &[(0, 0x1000)], None).held_by(&[1], &mut names());
    let [holding] = held.holdings.as_slice() else {
        panic!("{held:?}");
    };
    assert_eq!(holding.how, How::Untraced);
    assert_eq!(told(&holding.chain), ["a word that has moved   x1"]);
}

#[test]
fn of_many_blocks_some_are_looked_at() {
    let records: Vec<_> = (0..1000).map(|n| record(HEAP + n * 4, 1)).collect();
    let records: Vec<_> = records
        .into_iter()
        .map(|record| Record { size: 4, ..record })
        .collect();
    let held = scanned(&records, &[], None).held_by(&[1], &mut names());
    assert_eq!(held.blocks, 1000);
    assert!((200..=256).contains(&held.sampled), "{}", held.sampled);
}

#[test]
fn who_holds_a_single_block_is_told_apart_from_the_others_of_its_call_site() {
    let records = [record(0x1000, 1), record(0x1100, 1)];
    let references = [(ROOT + 0x10, 0x1000), (0x320, 0x1100)];
    let scanned = scanned(&records, &references, None);
    let held = scanned.held_one(0x1100, &mut names());
    assert_eq!((held.blocks, held.holdings.len()), (1, 1));
    assert_eq!(told(&held.holdings[0].chain), ["stack of task net  x1"]);
    // One that came after the scan.
    assert_eq!(scanned.held_one(0x1200, &mut names()), HeldBy::default());
}
