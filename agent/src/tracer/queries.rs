//! What readers ask the tracer: many short holds of the lock, one after the other.

use core::ops::Range;

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::trace::{Births, Failure, Period, Record, Stack, State, Summary, WrongFree};
use heapless::Vec;

use super::control::Tracer;
use super::cursors::{LeakCursor, StackCursor};
use super::inner::Inner;
use super::ledger::{FAILURES, SEARCHES, WRONG_FREES};
use super::sink::Attachment;
use super::storage::Storage;
use super::table::STEP;
use super::values::{Order, Status, Sums, Trace, TraceEnded};
use super::{Error, RecordCursor};

impl<M: RawMutex> Tracer<M> {
    /// Returns the record with this index by age, 0 being the oldest (`heap_trace_get`).
    ///
    /// # Errors
    /// `InvalidState` if not initialised, `InvalidArg` if there are not so many.
    pub fn get(&self, index: u32) -> Result<Record, Error> {
        if self.with(|inner| inner.state) == State::Uninitialised {
            return Err(Error::InvalidState);
        }
        loop {
            // A trace that ends meanwhile gives way to the next one, which has a record of that index, or none.
            if let Ok(record) = self.nth(self.trace(), index) {
                return record.ok_or(Error::InvalidArg);
            }
        }
    }

    fn nth(&self, trace: Trace, index: u32) -> Result<Option<Record>, TraceEnded> {
        let mut left = index as usize;
        let mut cursor = RecordCursor::after(trace, 0);
        let mut batch = [Record::default(); STEP as usize];
        loop {
            let read = self.read_records(&mut cursor, &mut batch)?;
            if read == 0 {
                return Ok(None);
            }
            if let Some(record) = batch[..read].get(left) {
                return Ok(Some(*record));
            }
            left -= read;
        }
    }

    /// Returns state and counters from one instant (`heap_trace_summary`); their time is that of the last event.
    pub fn summary(&self) -> Summary {
        self.check_pending_frees();
        self.with(|inner| inner.summary())
    }

    /// Returns which trace there is, with its summary from the same instant.
    pub fn status(&self) -> Status {
        self.check_pending_frees();
        self.with(|inner| inner.status())
    }

    /// Returns the trace that is there to be read: the running one, or the last one.
    pub fn trace(&self) -> Trace {
        self.locked(|inner| inner.trace)
    }

    /// Returns where the buffer lies that it was lent; nowhere if it has none.
    pub fn buffer(&self) -> Range<usize> {
        self.locked(|inner| inner.storage.as_ref().map_or(0..0, Storage::addresses))
    }

    /// Returns where a host begins to be told of events, or `None` where the destination is another.
    pub fn attach(&self) -> Option<Attachment> {
        self.locked(|inner| inner.attachment())
    }

    /// Counts events of a trace that were sent to a host, and those that it has missed.
    pub fn note_told(&self, trace: Trace, sent: u64, dropped: u64) {
        // The counters of a trace that has ended are gone.
        let _ = self.read(trace, |inner| inner.note_told(sent, dropped));
    }

    /// Returns the time that ages and queries are measured from: a clock's, or the last sequence number if that is later. It
    /// never goes backward, also where the clock does.
    pub fn now_us(&self, clock_us: u64) -> u64 {
        self.locked(|inner| inner.now(clock_us))
    }

    /// Copies records behind the cursor into `out`, oldest first, and returns how many.
    ///
    /// None means that there are no more. Reading while recording neither skips nor repeats a
    /// record that lives throughout.
    ///
    /// # Errors
    /// When the cursor's trace has ended; what `out` holds then is of no use.
    pub fn read_records(
        &self,
        cursor: &mut RecordCursor,
        out: &mut [Record],
    ) -> Result<usize, TraceEnded> {
        let mut total = 0;
        while total < out.len() {
            let (read, more) =
                self.read(cursor.trace, |inner| inner.read(cursor, &mut out[total..]))?;
            total += read;
            if !more {
                break;
            }
        }
        Ok(total)
    }

    /// Copies call stacks behind the cursor into `out`, and returns how many.
    ///
    /// # Errors
    /// When the cursor's trace has ended; what `out` holds then is of no use.
    pub fn read_stacks(
        &self,
        cursor: &mut StackCursor,
        out: &mut [Stack],
    ) -> Result<usize, TraceEnded> {
        let mut read = 0;
        for place in out {
            match self.read(cursor.trace, |inner| inner.stacks.at(cursor.next()))? {
                Some(stack) => *place = stack,
                None => break,
            }
            cursor.advance();
            read += 1;
        }
        Ok(read)
    }

    /// Returns the call stack of a trace with this id, unless it has been recycled.
    ///
    /// # Errors
    /// When the trace has ended.
    pub fn stack(&self, trace: Trace, id: u32) -> Result<Option<Stack>, TraceEnded> {
        self.read(trace, |inner| inner.stacks.get(id))
    }

    /// Sums up the live blocks that a cursor asks for by call stack, puts the next largest sums into `out` in the
    /// order of the list, and returns how many call stacks there were to choose from.
    ///
    /// Returns `None` while another such query is at work, or has begun meanwhile where this one gives way: sums are kept in the stack table.
    ///
    /// # Errors
    /// When the cursor's trace has ended; `out` is empty then.
    pub fn leaks<const N: usize>(
        &self,
        cursor: &mut LeakCursor,
        out: &mut Vec<Sums, N>,
    ) -> Result<Option<u32>, TraceEnded> {
        out.clear();
        let begin = |inner: &mut Inner| inner.begin_query(cursor.gives_way());
        let Some(query) = self.read(cursor.trace, begin)? else {
            return Ok(None);
        };
        let answer = self.answer(query, cursor, out);
        let Some(ahead) = answer.inspect_err(|TraceEnded| out.clear())? else {
            out.clear();
            return Ok(None);
        };
        out.iter().for_each(|sums| cursor.pass(sums.stack));
        Ok(Some(ahead))
    }

    /// Does the work of a leak query, which is the only one meanwhile; `None` if it gave way to another one. The end of its trace
    /// ends it, too.
    fn answer<const N: usize>(
        &self,
        query: u32,
        cursor: &LeakCursor,
        out: &mut Vec<Sums, N>,
    ) -> Result<Option<u32>, TraceEnded> {
        let trace = cursor.trace;
        let mut records = cursor.records();
        while self.read(trace, |inner| inner.tally(&mut records, query, cursor))? {}
        let mut ahead = 0;
        let entries = self.read(trace, |inner| inner.stacks.entries())?;
        for index in 0..entries {
            let sums = self.read(trace, |inner| inner.stacks.tallied(index, query))?;
            if let Some(sums) = sums.filter(|sums| !cursor.has_passed(sums.stack)) {
                ahead += 1;
                keep_largest(out, sums, cursor.order());
            }
        }
        let is_own = self.read(trace, |inner| inner.end_query(query))?;
        Ok(is_own.then_some(ahead))
    }

    /// Returns the time that a list of leaks of a trace is of, which was made at `time_us`.
    ///
    /// # Errors
    /// When the trace has ended.
    pub fn period(&self, trace: Trace, time_us: u64) -> Result<Period, TraceEnded> {
        self.read(trace, |inner| inner.period(time_us))
    }

    /// Counts the live blocks of some call stacks that were allocated within a time into the slices of their births: each
    /// has its id and the slices.
    ///
    /// # Errors
    /// When the trace has ended.
    pub fn births(
        &self,
        trace: Trace,
        times: Range<u64>,
        wanted: &mut [(u32, Births)],
    ) -> Result<(), TraceEnded> {
        let mut records = RecordCursor::after(trace, times.start.saturating_sub(1));
        while self.read(trace, |inner| inner.births(&mut records, times.end, wanted))? {}
        Ok(())
    }

    /// Returns the latest failed allocations of a trace, oldest first.
    ///
    /// # Errors
    /// When the trace has ended.
    pub fn failures(&self, trace: Trace) -> Result<Vec<Failure, FAILURES>, TraceEnded> {
        self.read(trace, |inner| inner.failures())
    }

    /// Returns the latest wrong frees of a trace, oldest first.
    ///
    /// # Errors
    /// When the trace has ended.
    pub fn wrong_frees(&self, trace: Trace) -> Result<Vec<WrongFree, WRONG_FREES>, TraceEnded> {
        self.check_pending_frees();
        self.read(trace, |inner| inner.wrong_frees())
    }

    /// Compares unmatched frees with the records, a few with a few at a time: too slow for a hook.
    pub(super) fn check_pending_frees(&self) {
        for _ in 0..SEARCHES {
            let Some(mut search) = self.with(|inner| inner.begin_search()) else {
                return;
            };
            while let Ok(true) = self.read(search.trace, |inner| inner.search(&mut search)) {}
        }
    }
}

/// Inserts sums into a sorted list, and drops the smallest if it is full.
fn keep_largest<const N: usize>(list: &mut Vec<Sums, N>, sums: Sums, order: Order) {
    let place = list.partition_point(|other| order.key(other) >= order.key(&sums));
    if place == N {
        return;
    }
    if list.is_full() {
        list.pop();
    }
    // There is room, and `place` is at most the length.
    let _ = list.insert(place, sums);
}
