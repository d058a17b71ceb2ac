//! Pictures of lines alone: they are read without a script, and printed.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::text::escaped;
use crate::api::{Heap, Record};
use crate::trace::{Origin, Point, Region};
use crate::words::{bytes, duration, plural};

/// Size of the timeline, in its own units, and moments that are drawn of it at most.
const WIDTH: u64 = 600;
const HEIGHT: u64 = 100;
const MOMENTS: usize = 300;
/// What of a region has blocks in it is cut into so many rows of so many pieces of the same size.
const ROWS: usize = 6;
const PIECES: usize = 200;
/// Records that are not as old are of the same moment as the rest.
const SECOND_US: u64 = 1_000_000;

/// How full the heap was at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Microseconds since boot.
    pub time_us: u64,
    /// Bytes handed out.
    pub used: u64,
    /// The largest request that would have succeeded.
    pub largest_free_block: u64,
}

impl Moment {
    /// Adds the regions of the firmware's heap up, at the end of each point of a history.
    pub fn of_history(heap: &Heap, history: &[Point]) -> Vec<Self> {
        let moment = |point: &Point| {
            let mut moment = Self {
                time_us: point.until_us,
                ..Self::default()
            };
            let levels = point.regions.iter().zip(&heap.regions);
            for (level, _) in levels.filter(|(_, region)| region.origin != Origin::Agent) {
                moment.used = moment.used.saturating_add(level.used);
                moment.largest_free_block = moment.largest_free_block.max(level.largest_free_block);
            }
            moment
        };
        history.iter().map(moment).collect()
    }
}

/// Draws how full the heap was over time, and where boots begin within it; nothing of a single moment.
pub(super) fn timeline(moments: &[Moment], boots_us: &[u64]) -> String {
    let (Some(first), Some(last)) = (moments.first(), moments.last()) else {
        return String::new();
    };
    let span_us = last.time_us.saturating_sub(first.time_us);
    if span_us == 0 {
        return String::new();
    }
    let most = |value: fn(&Moment) -> u64| moments.iter().map(value).max().unwrap_or(0);
    let (highest, largest) = (most(|it| it.used), most(|it| it.largest_free_block));
    // A heap that is nearly empty would be a flat line.
    let is_above = largest / 4 > highest;
    let top = match is_above {
        true => highest + highest / 8,
        false => highest.max(largest),
    };
    // Each part is drawn at its end, as it was at worst: the newest moment is the end of one.
    let line = |value: fn(&Moment) -> u64, worst: fn(u64, u64) -> u64| {
        let parts = moments.rchunks(moments.len().div_ceil(MOMENTS)).rev();
        let point = |(index, part): (usize, &[Moment])| {
            let command = if index == 0 { 'M' } else { 'L' };
            let time_us = part.last().map_or(0, |moment| moment.time_us);
            let x = scaled(time_us.saturating_sub(first.time_us), span_us, WIDTH);
            let value = part.iter().map(value).reduce(worst).unwrap_or(0);
            let y = HEIGHT - scaled(value.min(top), top, HEIGHT);
            format!("{command}{x} {y}")
        };
        parts.enumerate().map(point).collect::<String>()
    };
    let place = if is_above {
        "above the picture"
    } else {
        "dashed"
    };
    let (restarts, boots) = restarts(boots_us, first.time_us, span_us);
    let words = format!(
        "Within {}, {} to {} were used, {} at most; the largest free block went from {} to {}, and is {place}.{restarts}",
        duration(span_us),
        bytes(first.used),
        bytes(last.used),
        bytes(highest),
        bytes(first.largest_free_block),
        bytes(last.largest_free_block)
    );
    format!(
        "<h2>Over time</h2>\n<p>{words}</p>\n<svg class=\"wide\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"Heap over time, up to {}\"><path d=\"{}\"/><path class=\"dashed\" d=\"{}{}\"/></svg>\n",
        bytes(top),
        line(|moment| moment.used, u64::max),
        line(|moment| moment.largest_free_block, u64::min),
        boots
    )
}

/// Says how many boots begin within a timeline, and draws where.
fn restarts(boots_us: &[u64], first_us: u64, span_us: u64) -> (String, String) {
    let boots = boots_us.iter().filter_map(|us| us.checked_sub(first_us));
    let within = boots.filter(|us| (1..=span_us).contains(us));
    let lines: Vec<_> = within
        .map(|us| format!("M{} 0V{HEIGHT}", scaled(us, span_us, WIDTH)))
        .collect();
    let words = match lines.len() {
        0 => String::new(),
        number => format!(
            " {} within it: an upright line where a boot begins.",
            plural(number as u64, "restart")
        ),
    };
    (words, lines.concat())
}

/// Draws where the live blocks lie that have a record, region by region, with how old the records are; nothing where none has.
pub(super) fn maps(heap: &Heap, records: &[Record], age_us: u64) -> String {
    let live: Vec<_> = records.iter().filter(|record| !record.freed).collect();
    let own = heap.regions.iter();
    let own = own.filter(|region| region.origin != Origin::Agent);
    let maps: String = own.map(|region| map(region, &live)).collect();
    match maps.is_empty() {
        true => maps,
        false if age_us < SECOND_US => format!("<h2>What lies where</h2>\n{maps}"),
        false => format!(
            "<h2>What lies where</h2>\n<p>This is as it was {} before the rest.</p>\n{maps}",
            duration(age_us)
        ),
    }
}

fn map(region: &Region, live: &[&Record]) -> String {
    let inside: Vec<_> = live.iter().filter_map(|it| offsets(region, it)).collect();
    let Some(end) = inside.iter().map(|block| block.end).max() else {
        return String::new();
    };
    let mut pieces = [false; ROWS * PIECES];
    let piece = |offset: u64| scaled(offset, end, (ROWS * PIECES) as u64) as usize;
    for block in &inside {
        // A part of a piece is all of it, and a byte may be several.
        let last = (piece(block.end - 1) + 1).max(piece(block.end));
        if let Some(pieces) = pieces.get_mut(piece(block.start)..last) {
            pieces.fill(true);
        }
    }
    let behind = match region.size - end {
        0 => String::new(),
        behind => format!(" The {} behind the last one are left out.", bytes(behind)),
    };
    let rows = pieces.chunks(PIECES).enumerate();
    let path: String = rows.map(|(row, pieces)| runs(row, pieces)).collect();
    let name = escaped(&region.name);
    format!(
        "<p>{name} at {}, {}: {}, row by row from its first address. What is empty is free, or has no record.{behind}</p>\n\
         <svg class=\"wide map\" viewBox=\"0 0 {PIECES} {ROWS}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Blocks in {name}\">\
         <path d=\"{path}\"/></svg>\n",
        region.start,
        bytes(region.size),
        plural(inside.len() as u64, "live block")
    )
}

/// Returns where in a region a block lies, which has a byte at least; `None` where it lies elsewhere.
fn offsets(region: &Region, record: &Record) -> Option<core::ops::Range<u64>> {
    let start = record.address.0.checked_sub(region.start.0)?;
    let end = start.saturating_add(record.size.max(1));
    (end <= region.size).then_some(start..end)
}

/// Draws the pieces of a row that have blocks in them.
fn runs(row: usize, pieces: &[bool]) -> String {
    let mut path = String::new();
    let mut from = 0;
    for run in pieces.chunk_by(|one, next| one == next) {
        if run[0] {
            path.push_str(&format!("M{from} {row}.5h{}", run.len()));
        }
        from += run.len();
    }
    path
}

/// Returns `value` of `all` as as much of `units`.
fn scaled(value: u64, all: u64, units: u64) -> u64 {
    let scaled = u128::from(value) * u128::from(units) / u128::from(all.max(1));
    scaled as u64
}
