//! What a heap map shows, in sentences.

use heapbeacon_shared::analysis::layout::{Hole, Kind, Pin};
use heapbeacon_shared::analysis::{Amount, fragmentation_percent};

use super::{Doubt, HeapMap, MapRegion};
use crate::format;

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
    let holes = match sums.hole_count {
        1 => format!("One hole, of {largest_bytes}."),
        count => {
            let scattered = fragmentation_percent(sums.holes, largest.bytes);
            format!(
                "{} with {all}; the largest is {largest_bytes}, and {scattered} % are in others.",
                format::plural(count, "hole")
            )
        }
    };
    let owner = region.layout.owners.first();
    let more = owner.filter(|stretch| stretch.bytes > largest.bytes && sums.hole_count > 1);
    let more = more.map(|stretch| {
        format!(
            " Without {} of {} it would be {}.",
            format::plural(stretch.blocks, "block"),
            map.owner(stretch.owner).name,
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
        .map(|block| map.owner(block.owner).name.as_str())
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
pub fn completeness(map: &HeapMap) -> String {
    match map.doubt {
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
                "{} with {} {verb} no record: allocated before the trace, or evicted. {}",
                format::plural(blocks, "block"),
                format::bytes(bytes),
                share(map)
            )
        }
    }
}

/// Says how much of what looks free can't be.
fn share(map: &HeapMap) -> String {
    let untold: u64 = map
        .regions
        .iter()
        .map(|region| region.layout.sums.untold(region.region.free))
        .sum();
    let gaps: u64 = map
        .regions
        .iter()
        .map(|region| region.layout.sums.holes + region.layout.sums.unknown)
        .sum();
    let percent = format::percent(untold, gaps);
    format!(
        "So what looks free is free or not traced: {} of {} are not free, {percent}.",
        format::bytes(untold),
        format::bytes(gaps)
    )
}
