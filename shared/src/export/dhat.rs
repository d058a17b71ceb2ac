//! DHAT's JSON, version 2: what each call stack allocated, how long its blocks lived, and what was live when the heap was
//! fullest and at the end.
//!
//! Source: `dhat/dh_main.c` and `dhat/dh_view.js` of Valgrind.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use core::fmt::{self, Write};

use super::input::Read;
use super::out::Out;
use super::recording::{Recording, function_of};
use super::sums::{Amount, Sums};
use super::tree::Tree;
use super::walk::Step;
use crate::capture::us;
use crate::frames::Frame;

/// Microseconds: blocks that lived for less are called short-lived.
const SHORT_US: u64 = 500;

pub(super) fn write(recording: &Recording, read: &mut Read<'_>, out: &mut Out<'_>) -> fmt::Result {
    let (from_us, until_us) = recording.span_us();
    let (peak, peak_us) = at_peak(recording, read)?;
    write!(
        out,
        r#"{{"dhatFileVersion":2,"mode":"heap","verb":"Allocated","bklt":true,"bkacc":false,"tu":"µs","Mtu":"s","tuth":{SHORT_US},"cmd":"#
    )?;
    out.json(recording.program())?;
    write!(
        out,
        r#","pid":0,"tg":{},"te":{},"pps":"#,
        peak_us.saturating_sub(from_us),
        until_us - from_us
    )?;
    let tree = Tree::new(recording);
    let points = points(recording, &tree, &peak, &lived(recording, until_us));
    out.list(points, |out, (leaf, point)| point.write(&tree, leaf, out))?;
    // The first is the root of all call stacks, which the viewer asks for.
    out.write_str(r#","ftbl":["[root]""#)?;
    let frames = recording.frames.iter().map(words);
    for words in frames.chain(tree.tasks.iter().map(String::from)) {
        out.write_char(',')?;
        out.json(&words)?;
    }
    out.write_str("]}")
}

/// What is told of a call stack, by which the viewer knows it: it takes none with the same functions twice. Several have them when the device
/// has forgotten one, and learned of it again; the most that was live is then at most what it says.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    sums: Sums,
    peak: Amount,
    at_peak: Amount,
}

fn points(
    recording: &Recording,
    tree: &Tree,
    peak: &BTreeMap<u32, Amount>,
    lived: &BTreeMap<u32, u64>,
) -> BTreeMap<usize, Point> {
    let mut points: BTreeMap<usize, Point> = BTreeMap::new();
    let used = recording.stacks.iter();
    for stack in used.filter(|stack| stack.sums.allocated.count > 0) {
        let id = stack.stack.id;
        let Some(leaf) = tree.leaf(id) else { continue };
        let point = points.entry(leaf).or_default();
        point.sums.join(&stack.sums);
        let lived_us = lived.get(&id).copied().unwrap_or_default();
        point.sums.lifetimes_us = point.sums.lifetimes_us.saturating_add(lived_us);
        point.peak.join(stack.peak);
        point
            .at_peak
            .join(peak.get(&id).copied().unwrap_or_default());
    }
    points
}

impl Point {
    fn write(&self, tree: &Tree, leaf: usize, out: &mut Out<'_>) -> fmt::Result {
        let Self {
            sums,
            peak,
            at_peak,
        } = self;
        write!(
            out,
            r#"{{"tb":{},"tbk":{},"tl":{},"mb":{},"mbk":{},"gb":{},"gbk":{},"eb":{},"ebk":{},"fs":"#,
            sums.allocated.bytes,
            sums.allocated.count,
            sums.lifetimes_us,
            peak.bytes,
            peak.count,
            at_peak.bytes,
            at_peak.count,
            sums.live.bytes,
            sums.live.count
        )?;
        let path = tree.path(leaf);
        out.list(path.iter().rev(), |out, function| {
            write!(out, "{}", tree.number(*function) + 1)
        })?;
        out.write_char('}')
    }
}

/// Returns what each call stack held when most bytes were live, and when that was.
fn at_peak(
    recording: &Recording,
    read: &mut Read<'_>,
) -> Result<(BTreeMap<u32, Amount>, u64), fmt::Error> {
    let mut held: BTreeMap<u32, Amount> = BTreeMap::new();
    let (mut steps, mut peak_us) = (0, recording.span_us().0);
    recording.walk(read, &mut |now_us, step| {
        steps += 1;
        if steps > recording.totals.peak_step {
            return Ok(());
        }
        peak_us = now_us;
        match step {
            Step::Allocated(record) => held.entry(record.stack).or_default().add(record.size),
            Step::Freed(record, _) => held.entry(record.stack).or_default().remove(record.size),
            Step::Sample(_) => {}
        }
        Ok(())
    })?;
    Ok((held, peak_us))
}

/// Returns for how long the live blocks of each call stack have lived, added up.
fn lived(recording: &Recording, until_us: u64) -> BTreeMap<u32, u64> {
    let mut lived: BTreeMap<u32, u64> = BTreeMap::new();
    for record in &recording.live {
        let age_us = until_us.saturating_sub(us(record.seq, recording.header.tick_hz));
        let sum = lived.entry(record.stack).or_default();
        *sum = sum.saturating_add(age_us);
    }
    lived
}

/// Returns a frame as Valgrind writes it, which Firefox Profiler takes apart again.
fn words(frame: &Frame) -> String {
    let function = function_of(frame);
    let at = match (&frame.file, frame.line) {
        (Some(file), Some(line)) => format!(" ({file}:{line})"),
        (Some(file), None) => format!(" ({file})"),
        (None, _) => String::new(),
    };
    format!("0x{:X}: {function}{at}", frame.address)
}
