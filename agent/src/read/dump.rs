//! A trace as text, in the layout of ESP-IDF's `heap_trace_dump`, so that its log decoders work.
//!
//! Where ESP-IDF prints a cycle counter, this prints the low half of the time in microseconds.

use core::fmt::{Result, Write};

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::trace::Address;

use crate::tracer::{
    Frames, Mode, Record, RecordCursor, Status, Summary, Trace, TraceEnded, Tracer,
};

/// Writes the whole trace. No lock is held while `out` is written to.
///
/// # Errors
/// Those of `out`.
pub fn dump<M: RawMutex>(tracer: &Tracer<M>, out: &mut impl Write) -> Result {
    let Status { trace, summary, .. } = tracer.status();
    head(&summary, out)?;
    let mut cursor = RecordCursor::after(trace, 0);
    let mut batch = [Record::default()];
    for _ in 0..summary.count {
        if tracer.read_records(&mut cursor, &mut batch) != Ok(1) {
            break;
        }
        record(tracer, trace, &batch[0], out)?;
    }
    tail(&summary, tracer.trace() == trace, out)
}

/// Writes the line above the records.
///
/// # Errors
/// Those of `out`.
pub fn head(summary: &Summary, out: &mut impl Write) -> Result {
    let (count, capacity) = (summary.count, summary.capacity);
    writeln!(
        out,
        "====== Heap Trace: {count} records ({capacity} capacity) ======"
    )
}

/// Writes one record of a trace: two lines if its block was freed, else one.
///
/// # Errors
/// Those of `out`.
pub fn record<M: RawMutex>(
    tracer: &Tracer<M>,
    trace: Trace,
    record: &Record,
    out: &mut impl Write,
) -> Result {
    let (size, core) = (record.size, record.core);
    let address = record.address;
    let time = record.seq as u32;
    write!(
        out,
        "{size:6} bytes (@ {address}, Internal) allocated CPU {core} ccount 0x{time:08x} caller "
    )?;
    frames(&stack_frames(tracer, trace, record.stack), out)?;
    if let Some(freed) = record.freed {
        write!(out, "\nfreed by ")?;
        if let Some(stack) = freed.stack {
            frames(&stack_frames(tracer, trace, stack), out)?;
        }
    }
    writeln!(out)
}

/// Writes the summary below the records; `is_whole` tells whether no other trace was started before the last of them.
///
/// # Errors
/// Those of `out`.
pub fn tail(summary: &Summary, is_whole: bool, out: &mut impl Write) -> Result {
    let (bytes, live, count) = (summary.live_bytes, summary.live_count, summary.count);
    writeln!(out, "====== Heap Trace Summary ======")?;
    if summary.mode == Some(Mode::Leaks) {
        writeln!(out, "Mode: Heap Trace Leaks")?;
        writeln!(out, "{bytes} bytes 'leaked' in trace ({live} allocations)")?;
    } else {
        writeln!(out, "Mode: Heap Trace All")?;
        writeln!(
            out,
            "{bytes} bytes alive in trace ({live}/{count} allocations)"
        )?;
    }
    let (capacity, high) = (summary.capacity, summary.high_water_mark);
    writeln!(
        out,
        "records: {count} ({capacity} capacity, {high} high water mark)"
    )?;
    writeln!(out, "total allocations: {}", summary.total_allocations)?;
    writeln!(
        out,
        "total frees: {}",
        summary.matched_frees + summary.unmatched_frees
    )?;
    if summary.has_overflowed() {
        writeln!(
            out,
            "(NB: Internal Buffer has overflowed, so trace data is incomplete.)"
        )?;
    }
    if !is_whole {
        writeln!(
            out,
            "(NB: The trace was started anew while it was read, so trace data is incomplete.)"
        )?;
    }
    writeln!(out, "================================")
}

fn stack_frames<M: RawMutex>(tracer: &Tracer<M>, trace: Trace, id: u32) -> Frames {
    match tracer.stack(trace, id) {
        Ok(Some(stack)) => stack.frames,
        Ok(None) | Err(TraceEnded) => Frames::default(),
    }
}

fn frames(frames: &Frames, out: &mut impl Write) -> Result {
    for (index, frame) in frames.iter().enumerate() {
        let separator = if index == 0 { "" } else { ":" };
        write!(out, "{separator}{}", Address(*frame))?;
    }
    Ok(())
}
