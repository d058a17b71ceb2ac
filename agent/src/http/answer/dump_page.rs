//! `GET /trace/dump`: text as `heap_trace_dump` prints it.

use core::fmt;

use crate::http::answer::chunk::Chunk;
use crate::platform::{Device, uptime_us};
use crate::read::cursors::{Records, is_latest};
use crate::read::dump::{self, Memory};
use crate::read::leaks::Leaks;
use crate::tracer::{Status, Summary, Trace};

/// A dump under way.
pub(crate) struct DumpPage {
    trace: Trace,
    summary: Summary,
    part: Part,
}

enum Part {
    Head,
    Records { records: Records, left: u32 },
    Evidence(Leaks),
    Done,
}

impl DumpPage {
    pub(crate) fn new<P: Device>() -> Self {
        let Status { trace, summary, .. } = P::tracer().status();
        Self {
            trace,
            summary,
            part: Part::Head,
        }
    }

    pub(crate) fn fill<P: Device>(&mut self, chunk: &mut Chunk) -> bool {
        while chunk.has_room() {
            if matches!(self.part, Part::Done) {
                return false;
            }
            // A chunk with room takes what is written of a block or of a call stack.
            let _ = self.write::<P>(chunk);
        }
        true
    }

    fn write<P: Device>(&mut self, chunk: &mut Chunk) -> fmt::Result {
        match &mut self.part {
            Part::Head => {
                self.part = Part::Records {
                    records: Records::after(self.trace, 0),
                    left: self.summary.count,
                };
                dump::head(&self.summary, chunk)
            }
            Part::Records { records, left } => match records.peek::<P>() {
                Some(record) if *left > 0 => {
                    dump::record(P::tracer(), self.trace, record, Memory::Internal, chunk)?;
                    *left -= 1;
                    records.advance();
                    Ok(())
                }
                _ => self.begin_evidence::<P>(chunk),
            },
            Part::Evidence(leaks) => match leaks.read_next(P::tracer()) {
                Some(listed) => dump::evidence(&listed, chunk),
                None => self.tail::<P>(chunk),
            },
            Part::Done => Ok(()),
        }
    }

    fn begin_evidence<P: Device>(&mut self, chunk: &mut Chunk) -> fmt::Result {
        let leaks = dump::leaks_of(P::tracer(), self.trace, uptime_us::<P>());
        dump::evidence_head(leaks.is_some(), chunk)?;
        match leaks {
            Some(leaks) => self.part = Part::Evidence(leaks),
            None => self.tail::<P>(chunk)?,
        }
        Ok(())
    }

    fn tail<P: Device>(&mut self, chunk: &mut Chunk) -> fmt::Result {
        self.part = Part::Done;
        dump::tail(&self.summary, is_latest::<P>(self.trace), chunk)
    }
}
