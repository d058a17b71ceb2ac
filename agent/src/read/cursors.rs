//! Reads what the tracer holds, piece by piece, while it goes on tracing.
//!
//! Every reader belongs to one trace: where that ends, so does the reader, and
//! [`is_latest`] tells that there was more.

use heapless::Vec;

use crate::platform::{Device, uptime_us};
use crate::read::wanted::Wanted;
use crate::tracer::{Record, RecordCursor, Stack, StackCursor, Trace};

/// Records read at one time.
const BATCH: usize = 8;
/// Distinct stacks that one page of records can refer to; it ends before it has more.
const PAGE_STACKS: usize = 128;

/// Every record behind a sequence number, oldest first.
pub struct Records {
    trace: Trace,
    batch: Vec<Record, BATCH>,
    read: usize,
    /// The sequence number of the record that was taken last.
    last: u64,
    cursor: RecordCursor,
}

impl Records {
    /// Begins behind the record with this sequence number.
    pub fn after(trace: Trace, seq: u64) -> Self {
        Self {
            trace,
            batch: Vec::new(),
            read: 0,
            last: seq,
            cursor: RecordCursor::after(trace, seq),
        }
    }

    /// Returns the trace that is read.
    pub fn trace(&self) -> Trace {
        self.trace
    }

    /// Returns the next record without taking it.
    pub fn peek<P: Device>(&mut self) -> Option<&Record> {
        if self.read == self.batch.len() {
            self.refill::<P>();
        }
        self.batch.get(self.read)
    }

    /// Forgets what was read ahead and not taken: what has happened to it since is to be read anew.
    pub fn forget_ahead(&mut self) {
        if self.read < self.batch.len() {
            self.cursor = RecordCursor::after(self.trace, self.last);
            self.batch.clear();
            self.read = 0;
        }
    }

    /// Takes the record that [`peek`](Self::peek) returned.
    pub fn advance(&mut self) {
        if let Some(record) = self.batch.get(self.read) {
            self.last = record.seq;
        }
        self.read += 1;
    }

    fn refill<P: Device>(&mut self) {
        self.read = 0;
        let _ = self.batch.resize_default(BATCH);
        let read = P::tracer().read_records(&mut self.cursor, &mut self.batch);
        self.batch.truncate(read.unwrap_or(0));
    }
}

/// A bounded number of records, and the stacks that they refer to.
pub struct PageRecords {
    records: Records,
    wanted: Wanted,
    left: u32,
    after: u64,
    last: Option<u64>,
    stacks: Vec<u32, PAGE_STACKS>,
}

impl PageRecords {
    /// Begins a page of at most `limit` wanted records behind a sequence number.
    pub fn new<P: Device>(after: u64, wanted: Wanted, limit: u32) -> Self {
        let before = after.max(wanted.times.start.saturating_sub(1));
        Self {
            records: Records::after(P::tracer().trace(), before),
            wanted,
            left: limit,
            after,
            last: None,
            stacks: Vec::new(),
        }
    }

    /// Returns the trace that is read.
    pub fn trace(&self) -> Trace {
        self.records.trace()
    }

    /// Returns the next record of the page.
    pub fn read_next<P: Device>(&mut self) -> Option<Record> {
        if self.left == 0 {
            return None;
        }
        let record = self.peek::<P>()?;
        if !self.note(&record) {
            self.left = 0;
            return None;
        }
        self.records.advance();
        self.left -= 1;
        self.last = Some(record.seq);
        Some(record)
    }

    /// Returns the sequence number that the next page comes after, once this one is at its end; `None` only where it
    /// is the last page.
    pub fn following<P: Device>(&mut self) -> Option<u64> {
        let is_last = self.peek::<P>().is_none() && is_latest::<P>(self.trace());
        (!is_last).then(|| self.last.unwrap_or(self.after))
    }

    /// Returns the next wanted record without taking it.
    fn peek<P: Device>(&mut self) -> Option<Record> {
        loop {
            let record = *self.records.peek::<P>()?;
            if record.seq >= self.wanted.times.end {
                return None;
            }
            if self.wanted.has::<P>(&record) {
                return Some(record);
            }
            self.records.advance();
        }
    }

    /// Returns the ids of the stacks that the records so far refer to, each once.
    pub fn stacks(&self) -> &[u32] {
        &self.stacks
    }

    /// Notes the stacks of a record, unless there is no room for them.
    fn note(&mut self, record: &Record) -> bool {
        let ids = [
            Some(record.stack),
            record.freed.and_then(|freed| freed.stack),
        ];
        if self.stacks.len() + ids.len() > PAGE_STACKS {
            return false;
        }
        for id in ids.into_iter().flatten() {
            if !self.stacks.contains(&id) {
                let _ = self.stacks.push(id);
            }
        }
        true
    }
}

/// A bounded number of stacks, in the order of the table.
pub struct Stacks {
    trace: Trace,
    cursor: StackCursor,
    ahead: Option<Stack>,
    left: u32,
    last: u32,
}

impl Stacks {
    /// Begins a page of at most `limit` call stacks behind the one with an id, or at the first.
    pub fn new<P: Device>(trace: Trace, after: Option<u32>, limit: u32) -> Self {
        let mut stacks = Self {
            trace,
            cursor: StackCursor::after(trace, after),
            ahead: None,
            left: limit,
            last: 0,
        };
        stacks.ahead = stacks.read::<P>();
        stacks
    }

    /// Returns the trace that is read.
    pub fn trace(&self) -> Trace {
        self.trace
    }

    /// Returns the next stack.
    pub fn read_next<P: Device>(&mut self) -> Option<Stack> {
        self.left = self.left.checked_sub(1)?;
        let stack = self.ahead.take()?;
        self.last = stack.id;
        self.ahead = self.read::<P>();
        Some(stack)
    }

    /// Returns the stack that the next page comes after, once this one is at its end; `None` only where it is the
    /// last page.
    pub fn following<P: Device>(&self) -> Option<u32> {
        let is_last = self.ahead.is_none() && is_latest::<P>(self.trace);
        (!is_last).then_some(self.last)
    }

    fn read<P: Device>(&mut self) -> Option<Stack> {
        let mut one = [Stack::default()];
        let read = P::tracer().read_stacks(&mut self.cursor, &mut one);
        let [stack] = one;
        (read == Ok(1)).then_some(stack)
    }
}

/// Returns the time that answers are of: in no trace does it go backward.
pub fn now_us<P: Device>() -> u64 {
    P::tracer().now_us(uptime_us::<P>())
}

/// Checks whether a trace has not ended yet.
pub fn is_latest<P: Device>(trace: Trace) -> bool {
    P::tracer().trace() == trace
}
