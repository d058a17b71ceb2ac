use heapbeacon_shared::api::Stack;
use heapbeacon_shared::trace::{Address, State, name};

use super::colours::{ColourBy, Colours};
use super::words::{completeness, hole_words, lost_words, piece_words, region_words};
use super::*;
use crate::model::palette::Palette;
use crate::model::span::Span;

const START: u64 = 0x3fc8_0000;
const MINUTE: u64 = 60_000_000;

fn record(offset: u64, size: u64, stack: u32, task: &str) -> Record {
    Record {
        address: Address(START + offset),
        size,
        stack,
        time_us: MINUTE,
        task: Some(name(task)),
        ..Record::default()
    }
}

fn stack(id: u32) -> Stack {
    let mut stack = Stack {
        id,
        ..Stack::default()
    };
    stack
        .frames
        .push(Address(0x4200_0000 + u64::from(id) * 16))
        .expect("room");
    stack
}

/// Two blocks of one call site and one of another in 1,000 bytes; one that was freed.
fn list() -> RecordList {
    let freed = Record {
        freed: true,
        ..record(600, 100, 1, "net")
    };
    RecordList {
        records: vec![
            record(400, 100, 2, "sensor"),
            record(0, 100, 1, "net"),
            freed,
            record(200, 100, 1, "net"),
        ],
        stacks: vec![stack(1), stack(2)],
        read_us: 3 * MINUTE,
        ..RecordList::default()
    }
}

/// A heap that has handed out so many blocks.
fn map(handed: u64) -> HeapMap {
    map_since(handed, 0)
}

/// The same, of which the trace has come to know some since the records were read.
fn map_since(handed: u64, since: u64) -> HeapMap {
    let mut heap = Heap {
        traced_blocks: 3 + since,
        traced_bytes: 300 + since * 1_000,
        ..Heap::default()
    };
    let region = Region {
        name: name("heap"),
        start: Address(START),
        size: 1_000,
        free: 600,
        largest_free_block: 500,
        blocks: handed,
        requested: 300 + handed.saturating_sub(3) * 1_000,
        ..Region::default()
    };
    heap.regions.push(region).expect("room");
    let mut trace = Trace::default();
    trace.summary.state = State::Recording;
    let known = Known {
        heap: &heap,
        trace: &trace,
        pointer_bytes: 4,
    };
    HeapMap::new(known, &list(), &mut Names::default())
}

#[test]
fn records_are_laid_out_with_who_allocated_them() {
    let map = map(3);
    assert!(map.regions[0].doubt.is_none() && !map.is_empty());
    let region = &map.regions[0];
    assert_eq!(
        (region.layout.sums.count, region.layout.sums.holes),
        (3, 700)
    );
    let piece = region.piece_at(START + 450).expect("it is a block");
    let record = region.record(&map, piece).expect("it has one");
    assert_eq!((record.stack, record.size), (2, 100));
    assert_eq!(region.piece_at(START + 1_000), None);
    let hole = region.beside(piece, true).expect("behind it");
    assert_eq!(region.record(&map, hole), None);
    assert_eq!(region.beside(hole, true), None);
    assert_eq!(region.beside(hole, false), Some(piece));
}

#[test]
fn a_hole_says_what_pins_it_and_a_region_what_would_help() {
    let map = map(3);
    let region = &map.regions[0];
    assert_eq!(
        region_words(&map, region),
        "3 holes with 700 B in all; the largest has 500 B, so 28 % are out of its reach. Without 1 block of 0x42000020 it would have 700 B."
    );
    let first = &region.layout.holes[0];
    assert_eq!(
        hole_words(&map, first),
        "Below 1 block of 0x42000010, 100 B: 200 B without it; above 1 block of 0x42000010, 100 B: 300 B without it."
    );
    let largest = region.piece_at(START + 500).expect("it is there");
    assert_eq!(
        piece_words(&map, region, largest, 0),
        "The largest hole of 500 B"
    );
    let block = region.piece_at(START).expect("it is there");
    assert_eq!(
        piece_words(&map, region, block, 3 * MINUTE),
        "100 B · 2 min old"
    );
}

#[test]
fn what_has_no_record_is_said_with_its_share() {
    assert!(
        completeness(&map(3).regions[0]).starts_with("Every block that is handed out has a record")
    );
    let map = map(10);
    assert!(matches!(map.regions[0].doubt, Some(Doubt::Untraced(_))));
    // 700 bytes lie between the blocks, and 600 are free.
    let words = completeness(&map.regions[0]);
    assert!(
        words.contains("7 blocks with 6.8 KiB have no record"),
        "{words}"
    );
    assert!(words.contains("100 B of 700 B are not free."), "{words}");
}

#[test]
fn what_came_since_the_records_were_read_is_not_called_untraced() {
    assert_eq!(map_since(10, 7).regions[0].doubt, None);
    let some = map_since(20, 7).regions[0].doubt;
    let lacking = Amount {
        blocks: 10,
        bytes: 10_000,
    };
    assert_eq!(some, Some(Doubt::Untraced(lacking)));
}

#[test]
fn where_nobody_has_counted_nothing_is_called_complete() {
    let map = map(0);
    assert_eq!(map.regions[0].doubt, Some(Doubt::Uncounted));
    assert!(completeness(&map.regions[0]).contains("free or not traced"));
}

#[test]
fn blocks_are_coloured_by_call_site_task_age_or_verdict() {
    let map = map(3);
    let mut palette = Palette::default();
    palette.assign([map.owners[1].key.as_str()].into_iter());
    let named = |by| {
        let colours = Colours::new(
            &map,
            by,
            &palette,
            &[],
            &str::to_owned,
            3 * MINUTE,
            Span::default(),
        );
        let entries = colours.key.iter();
        entries
            .map(|entry| (entry.name.clone(), entry.bytes))
            .collect::<Vec<_>>()
    };
    let owned = |entries: &[(&str, u64)]| {
        let entries = entries.iter();
        entries
            .map(|(name, bytes)| ((*name).to_owned(), *bytes))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        named(ColourBy::Site),
        owned(&[("0x42000010", 200), ("others", 100)])
    );
    assert_eq!(
        named(ColourBy::Task),
        owned(&[("net", 200), ("sensor", 100)])
    );
    assert_eq!(named(ColourBy::Age), owned(&[("older than a minute", 300)]));
    assert_eq!(named(ColourBy::Verdict), owned(&[("not judged", 300)]));
    let colours = Colours::new(
        &map,
        ColourBy::Site,
        &palette,
        &[],
        &str::to_owned,
        0,
        Span::default(),
    );
    let region = &map.regions[0];
    let class = |offset| colours.class(0, region.piece_at(START + offset).expect("inside"));
    assert_eq!(class(0), Some(palette.class(&map.owners[1].key)));
    assert_eq!((class(400), class(150)), (Some("c0"), None));
}

#[test]
fn blocks_of_another_time_than_the_chosen_one_are_drawn_alike() {
    let mut list = list();
    list.records[1].time_us = 2 * MINUTE;
    let map = HeapMap {
        records: list.records.clone(),
        ..map(3)
    };
    let chosen = Span::between(2 * MINUTE, 3 * MINUTE);
    for by in ColourBy::ALL {
        let colours = Colours::new(
            &map,
            by,
            &Palette::default(),
            &[],
            &str::to_owned,
            0,
            chosen,
        );
        let class = |offset| {
            let piece = map.regions[0].piece_at(START + offset);
            colours.class(0, piece.expect("inside"))
        };
        assert_ne!(class(0), Some("outside"), "{by:?}");
        assert_eq!([200, 400].map(class), [Some("outside"); 2], "{by:?}");
        let outside = colours.key.iter().find(|entry| entry.class == "outside");
        assert_eq!(outside.map(|entry| entry.bytes), Some(200), "{by:?}");
    }
}

#[test]
fn what_was_lost_of_a_map_is_said_and_only_that() {
    assert_eq!(lost_words(0, 0), "");
    let evicted = "1 record of live blocks gave way to newer ones: those blocks are missing here. ";
    assert_eq!(lost_words(1, 0), evicted);
    let both = lost_words(1, 20);
    assert!(
        both.starts_with(evicted) && both.contains("20 events never arrived"),
        "{both}"
    );
}
