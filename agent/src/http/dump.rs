//! `GET /trace/dump`: text as `heap_trace_dump` prints it.

use super::chunk::Chunk;
use crate::dump;
use crate::platform::Platform;
use crate::reader::{Records, is_latest};
use crate::tracer::Summary;

/// A dump under way.
pub(super) struct DumpPage {
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
    pub(super) fn new<P: Platform>() -> Self {
        let summary = P::tracer().summary();
        Self {
            records: Records::after(summary.trace, 0),
            left: summary.count,
            summary,
            part: Part::Head,
        }
    }

    pub(super) fn fill<P: Platform>(&mut self, chunk: &mut Chunk) -> bool {
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

    fn record<P: Platform>(&mut self, chunk: &mut Chunk) -> core::fmt::Result {
        match self.records.peek::<P>() {
            Some(record) if self.left > 0 => {
                dump::record(P::tracer(), self.summary.trace, record, chunk)?;
                self.left -= 1;
                self.records.advance();
                Ok(())
            }
            _ => {
                self.part = Part::Done;
                dump::tail(&self.summary, is_latest::<P>(self.summary.trace), chunk)
            }
        }
    }
}
