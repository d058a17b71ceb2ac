//! Firefox Profiler's own JSON ("processed profile"): each allocation and free in time, with the call stack of both, marks,
//! and how much was live.
//!
//! Source: `docs-developer/processed-profile-format.md` and `src/types/profile.ts` of
//! <https://github.com/firefox-devtools/profiler>. Version 61 is written, which has what is needed and which the viewer upgrades.
//! Its tables are lists by column: the capture is read once for each.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::iter;

use super::counters::{Counters, Point, levels_before, live_after};
use super::input::Read;
use super::out::Out;
use super::recording::{Recording, function_of};
use super::strings::Strings;
use super::tree::Tree;
use super::walk::Step;
use crate::trace::{self, Record};

const VERSION: u32 = 61;

const META: &str = r#""interval":1,"startTime":0,"version":31,"processType":0,"stackwalk":1,"debug":false,"symbolicated":true,"sourceCodeIsNotOnSearchfox":true,"categories":[{"name":"Other","color":"grey","subcategories":["Other"]}],"markerSchema":[{"name":"Mark","tooltipLabel":"{marker.name}","tableLabel":"{marker.name}","chartLabel":"{marker.name}","display":["marker-chart","marker-table","timeline-overview","timeline-memory"],"fields":[]}]"#;

/// What a profile begins and ends a thread with, of which there is one: all of the heap.
const THREAD: &str = r#""processType":"default","processStartupTime":0,"processShutdownTime":null,"registerTime":0,"unregisterTime":null,"pausedRanges":[],"isMainThread":true,"pid":"0","tid":0,"samples":{"stack":[],"time":[],"weight":null,"weightType":"samples","length":0}"#;

/// How a counter is drawn. Of the fields of version 62 only this one can't be told from its category: what it is called.
const COUNTER: &str = r#""category":"Memory","description":"Bytes that are live, or used of a region","pid":"0","mainThreadIndex":0,"display":{"graphType":"line-accumulated","unit":"bytes","color":"orange","markerSchemaLocation":"timeline-memory","sortWeight":20"#;

/// A function, and where it is: what the profile has tables of.
#[derive(Default)]
struct Tables {
    strings: Strings,
    /// Files of functions, by number of a string.
    sources: Vec<usize>,
    /// Name and source of each function.
    functions: Vec<(usize, Option<usize>)>,
    /// Function, line, column and depth of each frame.
    frames: Vec<(usize, Option<u32>, Option<u32>, usize)>,
}

pub(super) fn write(recording: &Recording, read: &mut Read<'_>, out: &mut Out<'_>) -> fmt::Result {
    let tree = Tree::new(recording);
    let mut tables = Tables::new(recording, &tree);
    let marks = recording.marks.iter();
    let marks: Vec<_> = marks
        .map(|mark| tables.strings.number(&mark.name))
        .collect();
    write!(
        out,
        r#"{{"meta":{{{META},"preprocessedProfileVersion":{VERSION},"importedFrom":"HeapBeacon","product":"#
    )?;
    out.json(recording.program())?;
    // Or else the viewer takes the time from the events: none of what follows the last, and of an empty trace no number at all. It takes an end at
    // 0 for none.
    let (from_us, until_us) = recording.span_us();
    out.write_str(r#","profilingStartTime":0,"profilingEndTime":"#)?;
    milliseconds(until_us.saturating_sub(from_us).max(1), out)?;
    out.write_str(r#"},"libs":[],"counters":"#)?;
    counters(recording, read, out)?;
    write!(
        out,
        r#","threads":[{{{THREAD},"name":"heap","processName":"#
    )?;
    out.json(recording.program())?;
    out.write_str(r#","markers":{"data":"#)?;
    out.list(&marks, |out, _| out.write_str(r#"{"type":"Mark"}"#))?;
    out.write_str(r#","name":"#)?;
    out.list(&marks, |out, name| write!(out, "{name}"))?;
    out.write_str(r#","startTime":"#)?;
    out.list(&recording.marks, |out, mark| {
        milliseconds(mark.time_us.saturating_sub(from_us), out)
    })?;
    for (column, value) in [("endTime", "null"), ("phase", "0"), ("category", "0")] {
        write!(out, r#","{column}":"#)?;
        out.list(&marks, |out, _| out.write_str(value))?;
    }
    write!(out, r#","length":{}}},"nativeAllocations":{{"#, marks.len())?;
    allocations(recording, read, &tree, out)?;
    out.write_str(r#"}}],"shared":{"#)?;
    stack_table(&tree, out)?;
    tables.write(out)?;
    out.write_str("}}")
}

/// Writes allocations and frees, which are allocations of less than nothing, column by column. A block is told from others by
/// its sequence number: addresses may be unknown.
fn allocations(
    recording: &Recording,
    read: &mut Read<'_>,
    tree: &Tree,
    out: &mut Out<'_>,
) -> fmt::Result {
    let from_us = recording.span_us().0;
    column("time", recording, read, out, &|out, now_us, _, _| {
        milliseconds(now_us.saturating_sub(from_us), out)
    })?;
    column("weight", recording, read, out, &|out, _, record, step| {
        let sign = if matches!(step, Step::Freed(..)) {
            "-"
        } else {
            ""
        };
        write!(out, "{sign}{}", record.size)
    })?;
    column("stack", recording, read, out, &|out, _, record, step| {
        let stack = match step {
            Step::Freed(_, end) => end.stack,
            _ => Some(record.stack),
        };
        match stack.and_then(|stack| tree.leaf(stack)) {
            Some(leaf) => write!(out, "{leaf}"),
            None => out.write_str("null"),
        }
    })?;
    column(
        "memoryAddress",
        recording,
        read,
        out,
        &|out, _, record, _| write!(out, "{}", record.seq),
    )?;
    let events = column("threadId", recording, read, out, &|out, _, _, _| {
        out.write_char('0')
    })?;
    write!(out, r#""weightType":"bytes","length":{events}"#)
}

/// What a column says of an event.
type Cell<'a> = dyn Fn(&mut Out<'_>, u64, &Record, &Step) -> fmt::Result + 'a;

/// Writes a column, and returns how long it is.
fn column(
    name: &str,
    recording: &Recording,
    read: &mut Read<'_>,
    out: &mut Out<'_>,
    cell: &Cell<'_>,
) -> Result<u64, fmt::Error> {
    write!(out, r#""{name}":["#)?;
    let mut events = 0;
    recording.walk(read, &mut |now_us, step| {
        let (Step::Allocated(record) | Step::Freed(record, _)) = step else {
            return Ok(());
        };
        if events > 0 {
            out.write_char(',')?;
        }
        events += 1;
        cell(out, now_us, record, step)
    })?;
    out.write_str("],")?;
    Ok(events)
}

/// Returns how much of each region was used at a point of the device's history.
fn used_at(point: &trace::Point, recording: &Recording) -> impl Iterator<Item = Point> {
    let regions = levels_before(point, recording.regions.len());
    (1..).zip(regions).map(|(counter, [used, ..])| Point {
        time_us: point.until_us,
        counter,
        value: used,
    })
}

/// Writes how many bytes were live, and how many of each region were used as far as samples tell: as changes.
fn counters(recording: &Recording, read: &mut Read<'_>, out: &mut Out<'_>) -> fmt::Result {
    let (from_us, until_us) = recording.span_us();
    let mut counters = Counters::new(recording, 1 + recording.regions.len());
    // Of before the first event, the viewer shows nothing.
    let history = recording.history.iter();
    let history = history.filter(|point| point.until_us >= from_us);
    let mut points: Vec<_> = history
        .flat_map(|point| used_at(point, recording))
        .collect();
    counters.change(0, |_| 0);
    recording.walk(read, &mut |now_us, step| {
        points.extend(counters.at(now_us));
        if let Step::Sample(sample) = step {
            counters.change(1 + usize::from(sample.region), |_| sample.used);
        }
        counters.change(0, |live| live_after(step, live));
        Ok(())
    })?;
    points.extend(counters.tell(until_us));
    let regions = recording.regions.iter().map(|region| region.name.as_str());
    let names = iter::once("live").chain(regions).enumerate();
    // The viewer draws changes from the first point on.
    let is_drawn = |counter: &(usize, &str)| {
        let points = points.iter().filter(|point| point.counter == counter.0);
        points.count() > 1
    };
    out.list(names.filter(is_drawn), |out, (counter, name)| {
        let points = points.iter().filter(|point| point.counter == counter);
        out.write_str(r#"{"name":"#)?;
        out.json(name)?;
        write!(out, r#",{COUNTER},"label":"#)?;
        out.json(name)?;
        out.write_str(r#"},"samples":{"time":"#)?;
        out.list(points.clone(), |out, point| {
            milliseconds(point.time_us.saturating_sub(from_us), out)
        })?;
        out.write_str(r#","count":"#)?;
        let mut before = 0;
        out.list(points.clone(), |out, point| {
            let change = i128::from(point.value) - before;
            before = point.value.into();
            write!(out, "{change}")
        })?;
        write!(out, r#","length":{}}}}}"#, points.count())
    })
}

fn stack_table(tree: &Tree, out: &mut Out<'_>) -> fmt::Result {
    out.write_str(r#""stackTable":{"frame":"#)?;
    out.list(tree.nodes(), |out, node| {
        write!(out, "{}", tree.number(node.key))
    })?;
    out.write_str(r#","prefix":"#)?;
    out.list(tree.nodes(), |out, node| match node.parent {
        Some(caller) => write!(out, "{caller}"),
        None => out.write_str("null"),
    })?;
    write!(out, r#","length":{}}},"#, tree.nodes().len())
}

impl Tables {
    /// Returns the frames of a recording, and behind them its tasks.
    fn new(recording: &Recording, tree: &Tree) -> Self {
        let mut tables = Self::default();
        let mut functions = BTreeMap::new();
        let mut sources = BTreeMap::new();
        let mut depth = 0;
        for frame in &recording.frames {
            let source = frame.file.as_deref().map(|file| {
                let file = tables.strings.number(file);
                *sources.entry(file).or_insert_with(|| {
                    tables.sources.push(file);
                    tables.sources.len() - 1
                })
            });
            let function = (tables.strings.number(&function_of(frame)), source);
            let function = *functions.entry(function).or_insert_with(|| {
                tables.functions.push(function);
                tables.functions.len() - 1
            });
            tables
                .frames
                .push((function, frame.line, frame.column, depth));
            depth = if frame.inlined { depth + 1 } else { 0 };
        }
        for task in tree.tasks.iter() {
            let name = tables.strings.number(task);
            tables.frames.push((tables.functions.len(), None, None, 0));
            tables.functions.push((name, None));
        }
        tables
    }

    fn write(&self, out: &mut Out<'_>) -> fmt::Result {
        let Self {
            strings,
            sources,
            functions,
            frames,
        } = self;
        out.write_str(r#""frameTable":{"func":"#)?;
        out.list(frames, |out, (function, ..)| write!(out, "{function}"))?;
        out.write_str(r#","line":"#)?;
        out.list(frames, |out, (_, line, ..)| or_null(*line, out))?;
        out.write_str(r#","column":"#)?;
        out.list(frames, |out, (_, _, column, _)| or_null(*column, out))?;
        out.write_str(r#","inlineDepth":"#)?;
        out.list(frames, |out, (.., depth)| write!(out, "{depth}"))?;
        same("address", "-1", frames.len(), out)?;
        same("category", "0", frames.len(), out)?;
        same("subcategory", "0", frames.len(), out)?;
        same("nativeSymbol", "null", frames.len(), out)?;
        same("innerWindowID", "null", frames.len(), out)?;
        write!(out, r#","length":{}}},"funcTable":{{"name":"#, frames.len())?;
        out.list(functions, |out, (name, _)| write!(out, "{name}"))?;
        out.write_str(r#","source":"#)?;
        out.list(functions, |out, (_, source)| or_null(*source, out))?;
        same("isJS", "false", functions.len(), out)?;
        same("relevantForJS", "false", functions.len(), out)?;
        same("resource", "-1", functions.len(), out)?;
        same("lineNumber", "null", functions.len(), out)?;
        same("columnNumber", "null", functions.len(), out)?;
        write!(
            out,
            r#","length":{}}},"resourceTable":{{"length":0,"lib":[],"name":[],"host":[],"type":[]}},"nativeSymbols":{{"libIndex":[],"address":[],"name":[],"functionSize":[],"length":0}},"sources":{{"filename":"#,
            functions.len()
        )?;
        out.list(sources, |out, file| write!(out, "{file}"))?;
        same("id", "null", sources.len(), out)?;
        same("startLine", "1", sources.len(), out)?;
        same("startColumn", "1", sources.len(), out)?;
        same("sourceMapURL", "null", sources.len(), out)?;
        write!(out, r#","length":{}}},"stringArray":"#, sources.len())?;
        out.list(strings.iter(), |out, text| out.json(text))
    }
}

/// Writes a column that says the same of each row.
fn same(name: &str, value: &str, rows: usize, out: &mut Out<'_>) -> fmt::Result {
    write!(out, r#","{name}":"#)?;
    out.list(0..rows, |out, _| out.write_str(value))
}

fn or_null(value: Option<impl fmt::Display>, out: &mut Out<'_>) -> fmt::Result {
    match value {
        Some(value) => write!(out, "{value}"),
        None => out.write_str("null"),
    }
}

fn milliseconds(us: u64, out: &mut Out<'_>) -> fmt::Result {
    write!(out, "{}.{:03}", us / 1_000, us % 1_000)
}
