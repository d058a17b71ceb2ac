//! Prints a trace by the port, in the layout of ESP-IDF's `heap_trace_dump`.

use core::fmt::{Result, Write};

use heapbeacon::platform::Platform;
use heapbeacon::read::dump::{self, Memory};
use heapbeacon::tracer::{Record, RecordCursor, Status, Summary};

use crate::board::Board;
use crate::port;

/// What is asked for by ESP-IDF's `MALLOC_CAP_SPIRAM` and `MALLOC_CAP_INTERNAL`.
const SPIRAM: u32 = 1 << 10;
const INTERNAL: u32 = 1 << 11;
pub(crate) const ALL: u32 = SPIRAM | INTERNAL;

/// The port's console.
struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> Result {
        text.bytes()
            .for_each(|byte| port::heapbeacon_port_putchar(byte));
        Ok(())
    }
}

/// Prints the records of some kinds of memory, and the summary. What they are evidence of would take a stack of
/// 13 KB, more than C's tasks have.
pub(crate) fn dump(caps: u32) {
    let written = write(caps & ALL, &mut Console);
    debug_assert!(written.is_ok(), "a console takes all");
}

fn write(caps: u32, out: &mut impl Write) -> Result {
    let tracer = Board::tracer();
    let Status { trace, summary, .. } = tracer.status();
    dump::head(&summary, out)?;
    let mut cursor = RecordCursor::after(trace, 0);
    let mut batch = [Record::default()];
    let mut shown = Summary {
        live_bytes: 0,
        live_count: 0,
        ..summary
    };
    for _ in 0..summary.count {
        if tracer.read_records(&mut cursor, &mut batch) != Ok(1) {
            break;
        }
        let [record] = &batch;
        let memory = memory_of(record);
        if caps & cap_of(memory) == 0 {
            continue;
        }
        dump::record(tracer, trace, record, memory, out)?;
        if record.freed.is_none() {
            shown.live_bytes += record.size;
            shown.live_count += 1;
        }
    }
    dump::tail(&shown, tracer.trace() == trace, out)
}

fn memory_of(record: &Record) -> Memory {
    match port::heapbeacon_port_is_external(record.address.0 as usize) {
        true => Memory::External,
        false => Memory::Internal,
    }
}

fn cap_of(memory: Memory) -> u32 {
    match memory {
        Memory::Internal => INTERNAL,
        Memory::External => SPIRAM,
    }
}
