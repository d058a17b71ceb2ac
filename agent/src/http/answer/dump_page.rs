//! `GET /trace/dump`: text as `heap_trace_dump` prints it.

use crate::http::answer::chunk::Chunk;
use crate::platform::Device;
use crate::read::cursors::{Records, is_latest};
use crate::read::dump;
use crate::tracer::{Status, Summary, Trace};

/// A dump under way.
pub(crate) struct DumpPage {
    trace: Trace,
    summary: Summary,
    records: Records,
    left: u32,
    part: Part,
}

enum Part {
    Head,
    Records,
    Done,
}

impl DumpPage {
    pub(crate) fn new<P: Device>() -> Self {
        let Status { trace, summary, .. } = P::tracer().status();
        Self {
            records: Records::after(trace, 0),
            left: summary.count,
            trace,
            summary,
            part: Part::Head,
        }
    }

    pub(crate) fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
        while chunk.has_room() {
            // A chunk with room takes any line.
            let _ = match self.part {
                Part::Head => self.head(chunk),
                Part::Records => self.record::<P>(chunk),
                Part::Done => return false,
            };
        }
        true
    }

    fn head(&mut self, chunk: &mut Chunk) -> core::fmt::Result {
        self.part = Part::Records;
        dump::head(&self.summary, chunk)
    }

    fn record<P: Device>(&mut self, chunk: &mut Chunk) -> core::fmt::Result {
        match self.records.peek::<P>() {
            Some(record) if self.left > 0 => {
                dump::record(P::tracer(), self.trace, record, chunk)?;
                self.left -= 1;
                self.records.advance();
                Ok(())
            }
            _ => {
                self.part = Part::Done;
                dump::tail(&self.summary, is_latest::<P>(self.trace), chunk)
            }
        }
    }
}
