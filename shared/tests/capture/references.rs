//! What pointed into the heap when a capture was taken, who held what by that, and what two of them say is lost.

use heapbeacon_shared::analysis::Hold;
use heapbeacon_shared::capture::{Capture, NoLost, holders, lost};
use heapbeacon_shared::trace::{self, Address, Origin, Reference, Root, Scan, Span};
use heapbeacon_shared::wire::{HeapRegion, Message, References};

use super::messages::*;
use super::read;

/// What a scan of memory found, and how it went.
struct Scanned {
    root: Root,
    /// From the root to the first block, and from there to the second one.
    references: [Reference; 2],
    scan: Scan,
}

fn scanned() -> Scanned {
    Scanned {
        root: Root {
            name: name(".bss"),
            start: Address(0x100),
            size: 8,
            ..Root::default()
        },
        references: [
            (Address(0x104), Address(0x1008)).into(),
            (Address(0x1004), Address(0x1020)).into(),
        ],
        scan: Scan {
            started_us: 5 * SECOND,
            is_whole: true,
            found: 2,
            ..Scan::default()
        },
    }
}

/// What a device sends that has scanned its memory: four blocks in the heap, and one beside it.
fn told(scanned: &Scanned) -> Vec<Message> {
    let heap = Message::Region(HeapRegion {
        name: name("heap"),
        start: Address(0x1000),
        size: 0x100,
        ..HeapRegion::default()
    });
    let block = |address, seq, stack| {
        Message::Record(trace::Record {
            seq,
            address: Address(address),
            size: 16,
            stack,
            ..trace::Record::default()
        })
    };
    let [first, second] = scanned.references;
    vec![
        header(),
        heap,
        counters(),
        Message::Root(scanned.root.clone()),
        Message::References(References::of(first)),
        Message::References(References::of(second)),
        Message::Scan(scanned.scan),
        task(1, "wifi", Origin::Driver),
        stack(4, 0),
        stack(5, 1),
        block(0x1000, 1, 4),
        block(0x1020, 2, 4),
        block(0x1040, 3, 4),
        block(0x1060, 4, 5),
        // The agent's own pool: no scan looks there.
        block(0x9000, 5, 4),
    ]
}

/// Returns two captures of a trace with a scan each, ten seconds apart.
fn two_captures() -> [Capture; 2] {
    let scanned = scanned();
    let capture = read(&stream(&told(&scanned))).expect("readable");
    let mut later = capture.clone();
    change_scan(&mut later, |scan| scan.started_us = 15 * SECOND);
    [capture, later]
}

fn change_scan(capture: &mut Capture, change: impl FnOnce(&mut Scan)) {
    let page = capture.references.as_mut().expect("it was said");
    change(page.scan.as_mut().expect("it has a scan"));
}

#[test]
fn a_capture_tells_what_pointed_into_the_heap_and_who_held_what_by_that() {
    let scanned = scanned();
    let capture = read(&stream(&told(&scanned))).expect("readable");
    let page = capture.references.as_ref().expect("it was said");
    let heap = Span {
        start: Address(0x1000),
        size: 0x100,
    };
    assert_eq!((page.trace_id, &page.heap[..]), (3, &[heap][..]));
    assert_eq!(page.roots, [scanned.root]);
    assert_eq!(page.scan, Some(scanned.scan));
    assert_eq!(page.references, scanned.references);
    let holders = holders(&capture.records, &capture.stacks, page).expect("it has a scan");
    let holds: Vec<_> = (0..5).map(|block| holders.hold(block)).collect();
    let [held, nothing, maybe] = [Hold::Held, Hold::Unreached, Hold::Uncertain];
    assert_eq!(holds, [held, held, nothing, maybe, maybe]);
    assert_eq!(holders.blocks().len(), 4);

    let unscanned = read(&stream(&messages())).expect("readable");
    assert_eq!(unscanned.references, None);
}

#[test]
fn two_captures_of_a_trace_make_certain_what_is_lost() {
    let [capture, later] = two_captures();
    let told = lost(&capture, &later).expect("they are of one trace");
    assert_eq!(told.moved, 0);
    let told: Vec<_> = told
        .leaks
        .iter()
        .map(|leak| (leak.stack.id, leak.count, leak.bytes, leak.oldest_us))
        .collect();
    assert_eq!(told, [(4, 1, 16, 3)]);
    // One scan does not confirm itself, nor does an earlier one.
    for (one, another) in [(&capture, &capture), (&later, &capture)] {
        assert_eq!(lost(one, another), Err(NoLost::TooSoon));
    }
}

#[test]
fn captures_of_two_traces_without_a_scan_or_of_a_stopped_trace_do_not_tell_what_is_lost() {
    let [capture, mut later] = two_captures();
    let mut other = capture.clone();
    other.trace.trace_id += 1;
    assert_eq!(lost(&other, &capture), Err(NoLost::OtherTrace));
    other = capture.clone();
    other.references = None;
    assert_eq!(lost(&capture, &other), Err(NoLost::NotScanned));
    // Of a trace that was stopped, nobody knows what was freed.
    change_scan(&mut later, |scan| scan.doubtful_until_us = scan.started_us);
    assert_eq!(lost(&capture, &later), Err(NoLost::Doubtful));
}

#[test]
fn where_references_are_lost_on_the_way_nothing_is_sure_to_be_lost_on_the_device() {
    let scanned = scanned();
    let missing = Message::References(References::of(scanned.references[1]));
    let mut without = told(&scanned);
    without.retain(|message| *message != missing);
    let capture = read(&stream(&without)).expect("readable");
    let page = capture.references.as_ref().expect("it was said");
    let scan = page.scan.expect("it was said");
    assert_eq!((scan.omitted, scan.is_whole), (1, false));
    assert_eq!(lost(&capture, &capture), Err(NoLost::NotWhole));
}
