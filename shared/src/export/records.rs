//! A row for each block as CSV (RFC 4180): freed ones in the order of their frees, then live ones, oldest first.

use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt::{self, Write};

use super::input::Read;
use super::out::Out;
use super::recording::Recording;
use super::survey::region_of;
use super::walk::{End, Step};
use crate::capture::us;
use crate::trace::Record;

/// Function and place of each call site, by the id of its call stack.
type Sites = BTreeMap<u32, (String, String)>;

pub(super) fn write(recording: &Recording, read: &mut Read<'_>, out: &mut Out<'_>) -> fmt::Result {
    out.write_str(
        "seq,address,size,time_us,core,task,region,stack,freed_time_us,freed_stack,function,at\r\n",
    )?;
    let mut sites = Sites::new();
    recording.walk(read, &mut |_, step| match step {
        Step::Freed(record, end) => row(recording, record, Some(end), &mut sites, out),
        Step::Allocated(_) | Step::Sample(_) => Ok(()),
    })?;
    let mut live = recording.live.iter();
    live.try_for_each(|record| row(recording, record, None, &mut sites, out))
}

fn row(
    recording: &Recording,
    record: &Record,
    end: Option<&End>,
    sites: &mut Sites,
    out: &mut Out<'_>,
) -> fmt::Result {
    let Record {
        seq,
        address,
        size,
        core,
        ..
    } = record;
    let time_us = us(*seq, recording.header.tick_hz);
    write!(out, "{seq},{address},{size},{time_us},{core},")?;
    let stack = recording.stack(record.stack);
    out.csv(stack.and_then(|stack| stack.task()).unwrap_or_default())?;
    out.write_char(',')?;
    let region = region_of(record, &recording.regions);
    out.csv(recording.region(region).unwrap_or_default())?;
    write!(out, ",{},", record.stack)?;
    if let Some(end) = end {
        write!(out, "{}", end.time_us)?;
    }
    out.write_char(',')?;
    if let Some(stack) = end.and_then(|end| end.stack) {
        write!(out, "{stack}")?;
    }
    let (function, at) = sites.entry(record.stack).or_insert_with(|| {
        let site = stack.map(|stack| recording.call_site(stack));
        site.unwrap_or_default()
    });
    out.write_char(',')?;
    out.csv(function)?;
    out.write_char(',')?;
    out.csv(at)?;
    out.write_str("\r\n")
}
