//! A trace as text, in the layout of ESP-IDF's `heap_trace_dump`, so that its log decoders work.
//!
//! Where ESP-IDF prints a cycle counter, this prints the low half of the time in microseconds.

use core::fmt::{Result, Write};

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::trace::Address;

use crate::read::leaks::{Asked, Kinds, Leaks, Listed};
use crate::tracer::{
    Frames, Mode, Order, Record, RecordCursor, Status, Summary, Trace, TraceEnded, Tracer,
};

/// The call stacks whose evidence is written: those first whose blocks have outlived most.
const EVIDENCE: Asked = Asked {
    times: 0..u64::MAX,
    min_age_us: 0,
    limit: 20,
    order: Order::Outlived,
    kinds: Kinds::ALL,
    known: heapless::Vec::new(),
    gives_way: false,
};

/// Where a block lies, as a dump tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// In the chip's own memory.
    Internal,
    /// In a chip of its own.
    External,
}

impl Memory {
    /// Returns ESP-IDF's words, which are of one width.
    fn label(self) -> &'static str {
        match self {
            Self::Internal => "Internal",
            Self::External => "   PSRAM",
        }
    }
}

/// Writes the whole trace as of a time by the clock, in microseconds since boot. No lock is held while `out` is written to.
///
/// # Errors
/// Those of `out`.
pub fn dump<M: RawMutex>(tracer: &Tracer<M>, clock_us: u64, out: &mut impl Write) -> Result {
    let Status { trace, summary, .. } = tracer.status();
    head(&summary, out)?;
    let mut cursor = RecordCursor::after(trace, 0);
    let mut batch = [Record::default()];
    for _ in 0..summary.count {
        if tracer.read_records(&mut cursor, &mut batch) != Ok(1) {
            break;
        }
        record(tracer, trace, &batch[0], Memory::Internal, out)?;
    }
    let mut leaks = leaks_of(tracer, trace, clock_us);
    evidence_head(leaks.is_some(), out)?;
    while let Some(leak) = leaks.as_mut().and_then(|leaks| leaks.read_next(tracer)) {
        evidence(&leak, out)?;
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
    memory: Memory,
    out: &mut impl Write,
) -> Result {
    let (size, core) = (record.size, record.core);
    let (address, memory) = (record.address, memory.label());
    let time = record.seq as u32;
    write!(
        out,
        "{size:6} bytes (@ {address}, {memory}) allocated CPU {core} ccount 0x{time:08x} caller "
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

/// Begins to read the evidence of a trace; `None` while another list of leaks is read, and of a trace that has ended.
pub fn leaks_of<M: RawMutex>(tracer: &Tracer<M>, trace: Trace, clock_us: u64) -> Option<Leaks> {
    Leaks::begin(tracer, clock_us, &EVIDENCE).filter(|leaks| leaks.trace() == trace)
}

/// Writes the line above the evidence, and one more where there is none.
///
/// # Errors
/// Those of `out`.
pub fn evidence_head(can_be_told: bool, out: &mut impl Write) -> Result {
    writeln!(out, "====== Heap Trace Evidence ======")?;
    if !can_be_told {
        writeln!(
            out,
            "(NB: None is told, because another list of leaks was being read or the trace was started anew.)"
        )?;
    }
    Ok(())
}

/// Writes what is known of the live blocks of a call stack, in three lines: the verdict, the numbers that it is told from,
/// and who allocated them.
///
/// # Errors
/// Those of `out`.
pub fn evidence(listed: &Listed, out: &mut impl Write) -> Result {
    let Listed {
        leak,
        stack,
        verdict,
        ..
    } = listed;
    let (kind, outlived, births) = (verdict.kind.name(), leak.outlived, &leak.births);
    let maybe = if verdict.certain { "" } else { "maybe " };
    writeln!(
        out,
        "{maybe}{kind}: {} bytes in {} blocks, {} bytes in {} blocks outlived what was freed",
        leak.bytes, leak.count, outlived.bytes, outlived.count
    )?;
    let (allocations, frees, longest) = (stack.allocations, stack.frees, stack.longest_lifetime_us);
    write!(
        out,
        "  allocated {allocations}, freed {frees} within {longest} us; born from {} us on, every {} us:",
        births.from_us, births.slice_us
    )?;
    for count in &births.counts {
        write!(out, " {count}")?;
    }
    write!(out, "\n  allocated by ")?;
    frames(&stack.frames, out)?;
    writeln!(out)
}

/// Writes the summary below the records and the evidence; `is_whole` tells whether no other trace was started before the last of them.
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
    let nameless = summary.other_allocations;
    if nameless > 0 {
        writeln!(
            out,
            "(NB: {nameless} allocations have no call stack, because there was no room for another one.)"
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
