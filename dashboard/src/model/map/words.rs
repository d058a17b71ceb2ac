//! What a heap map shows, in sentences.

use heapbeacon_shared::analysis::layout::{Hole, Kind, Pin};
use heapbeacon_shared::analysis::{Amount, fragmentation_percent};

use super::{Doubt, HeapMap, MapRegion};
use crate::format;

/// Part of the largest hole, one in so many, that it has to gain for that to be worth a word.
const WORTH: u64 = 20;

/// Describes the holes of a region, and what would make the largest one larger.
pub fn region_words(map: &HeapMap, region: &MapRegion) -> String {
    let sums = &region.layout.sums;
    let Some(largest) = region.layout.largest() else {
        return match sums.unknown {
            0 => "No hole: it is full.".to_owned(),
            _ => "No hole that the records tell of.".to_owned(),
        };
    };
    let [largest_bytes, all] = [largest.bytes, sums.holes].map(format::bytes);
    let scattered = fragmentation_percent(sums.holes, largest.bytes);
    let holes = match (sums.hole_count, scattered) {
        (1, _) => return format!("One hole, of {largest_bytes}."),
        (count, 0) => format!(
            "{}; the largest has nearly all that is free, {largest_bytes}.",
            format::plural(count, "hole")
        ),
        (count, _) => format!(
            "{} with {all} in all; the largest has {largest_bytes}, so {scattered} % are out of its reach.",
            format::plural(count, "hole")
        ),
    };
    let more = region.layout.owners.first();
    let more = more.filter(|stretch| stretch.bytes > largest.bytes + largest.bytes / WORTH);
    let more = more.map(|stretch| {
        format!(
            " Without {} of {} it would have {}.",
            format::plural(stretch.blocks, "block"),
            map.owner(stretch.owner).label,
            format::bytes(stretch.bytes)
        )
    });
    holes + &more.unwrap_or_default()
}

/// Describes a hole: what pins it, and what it would be without that.
pub fn hole_words(map: &HeapMap, hole: &Hole) -> String {
    let sides = [("Below", &hole.below), ("above", &hole.above)];
    let side = |(side, pin): (&str, &Option<Pin>)| {
        let pin = pin.as_ref()?;
        let them = if pin.count == 1 { "it" } else { "them" };
        Some(format!(
            "{side} {}: {} without {them}",
            pin_words(map, pin),
            format::bytes(pin.becomes)
        ))
    };
    let sides: Vec<_> = sides.into_iter().filter_map(side).collect();
    match sides.is_empty() {
        true => "What no record is of lies beside it.".to_owned(),
        false => sides.join("; ") + ".",
    }
}

/// Describes the blocks of a pin.
pub fn pin_words(map: &HeapMap, pin: &Pin) -> String {
    let names: Vec<_> = pin
        .named
        .iter()
        .map(|block| map.owner(block.owner).label.as_str())
        .collect();
    let blocks = format::plural(pin.count, "block");
    let of = match names.as_slice() {
        [name, ..] if pin.is_of_one => format!("of {name}"),
        [first, second] if pin.count == 2 => format!("of {first} and {second}"),
        [first, ..] => format!("of {first} and others"),
        [] => String::new(),
    };
    format!("{blocks} {of}, {}", format::bytes(pin.bytes))
}

/// Describes a piece in few words, for a table and for those who hear it.
pub fn piece_words(map: &HeapMap, region: &MapRegion, piece: usize, now_us: u64) -> String {
    let it = &region.layout.pieces[piece];
    let bytes = format::bytes(it.bytes);
    match it.kind {
        Kind::Hole => {
            let is_largest = region.layout.largest().map(|hole| hole.address) == Some(it.address);
            let which = if is_largest {
                "The largest hole"
            } else {
                "Hole"
            };
            format!("{which} of {bytes}")
        }
        Kind::Unknown => format!("{bytes} that no record is of, free in part at most"),
        Kind::Overhead => format!("{bytes} of the allocator itself"),
        Kind::Block(block) => {
            let record = region.record(map, piece);
            let age = record.map(|record| {
                let age = format::duration(now_us.saturating_sub(record.time_us));
                format!(" · {age} old")
            });
            format!("{}{}", format::bytes(block.size), age.unwrap_or_default())
        }
    }
}

/// Says whether what looks free is free.
pub fn completeness(region: &MapRegion) -> String {
    match region.doubt {
        None => "Every block that is handed out has a record, so what lies between them is free, or the allocator's own."
            .to_owned(),
        Some(Doubt::Gaps) => "The trace was stopped or paused, or is: what was allocated or freed meanwhile is not known, so a hole \
                              may have blocks in it."
            .to_owned(),
        Some(Doubt::Uncounted) => "How many blocks the heap has handed out is not known, so what looks free is free or not traced."
            .to_owned(),
        Some(Doubt::Untraced(Amount { blocks, bytes })) => {
            let verb = if blocks == 1 { "has" } else { "have" };
            format!(
                "{} with {} {verb} no record here: allocated before the trace or while this was read, or evicted. {}",
                format::plural(blocks, "block"),
                format::bytes(bytes),
                share(region)
            )
        }
    }
}

/// Says what was lost of what a map is drawn from; empty where nothing was.
pub fn lost_words(evicted: u64, dropped: u64) -> String {
    let evicted = (evicted > 0).then(|| {
        format!(
            "{} of live blocks gave way to newer ones: those blocks are missing here. ",
            format::plural(evicted, "record")
        )
    });
    let dropped = (dropped > 0).then(|| {
        format!(
            "{} never arrived: blocks may be missing here, and others drawn that are freed.",
            format::plural(dropped, "event")
        )
    });
    evicted.unwrap_or_default() + &dropped.unwrap_or_default()
}

/// Says how much of what looks free can't be.
fn share(region: &MapRegion) -> String {
    let sums = &region.layout.sums;
    let (untold, gaps) = (sums.untold(region.region.free), sums.holes + sums.unknown);
    format!(
        "So what looks free is free or not traced: {} of {} are not free.",
        format::bytes(untold),
        format::bytes(gaps)
    )
}
