//! The tracer when tracing is compiled out: the same calls, all answering `NotSupported`.

use core::marker::PhantomData;
use core::ops::Range;

use heapbeacon_shared::trace::{Births, Failure, Mode, Period, Record, Stack, Summary, WrongFree};
use heapless::Vec;

use super::ring::Ring;
use super::sink::Attachment;
use super::values::{Order, Status, Sums, Trace, TraceEnded};
use super::{Allocation, Buffer, CallStack, Error, FailedAllocation, Free, Refused, UnnamedFree};

/// Stands in for the tracer when the feature `tracing` is off.
pub struct Tracer<M>(PhantomData<fn() -> M>);

/// A reader's place among the records, of which there are none.
#[derive(Clone, Debug)]
pub struct RecordCursor(u64);

/// A reader's place among the stacks, of which there are none.
#[derive(Clone, Debug)]
pub struct StackCursor(());

/// A reader's place in the list of leaks, of which there are none.
#[derive(Clone, Debug)]
pub struct LeakCursor(());

impl RecordCursor {
    /// Starts behind the record with this sequence number.
    pub fn after(_trace: Trace, seq: u64) -> Self {
        Self(seq)
    }

    /// Returns the sequence number it was made with.
    pub fn position(&self) -> u64 {
        self.0
    }
}

impl StackCursor {
    /// Starts behind the stack with this id.
    pub fn after(_trace: Trace, _id: Option<u32>) -> Self {
        Self(())
    }
}

impl LeakCursor {
    /// Starts before the largest sum of blocks that were allocated before `before_us`.
    pub fn before(_trace: Trace, _before_us: u64) -> Self {
        Self(())
    }

    /// Returns the same.
    pub fn since(self, _since_us: u64) -> Self {
        self
    }

    /// Returns the same.
    pub fn giving_way(self, _gives_way: bool) -> Self {
        self
    }

    /// Sorts the list by something else than bytes.
    pub fn by(self, _order: Order) -> Self {
        self
    }

    /// Says that the list is of this moment.
    pub fn at(self, _now_us: u64) -> Self {
        self
    }
}

#[allow(
    missing_docs,
    reason = "each call is documented by its namesake in `control`, `events` or `queries`"
)]
impl<M> Tracer<M> {
    pub const fn new() -> Self {
        Self(PhantomData)
    }

    pub fn max_records(_bytes: usize) -> u32 {
        0
    }

    pub fn init_standalone(
        &self,
        buffer: Buffer,
        _records: Option<u32>,
    ) -> Result<Option<Buffer>, Refused> {
        Err(Refused {
            error: Error::NotSupported,
            buffer,
        })
    }

    pub fn release(&self) -> Result<Option<Buffer>, Error> {
        Err(Error::NotSupported)
    }

    #[doc(hidden)]
    pub fn end_boot(&self) -> Result<Option<Buffer>, Error> {
        Err(Error::NotSupported)
    }

    pub fn init_tohost(&self, _ring: &'static Ring) -> Result<(), Error> {
        Err(Error::NotSupported)
    }

    pub fn start(&self, _mode: Mode, _now_us: u64) -> Result<u32, Error> {
        Err(Error::NotSupported)
    }

    pub fn stop(&self) -> Result<(), Error> {
        Err(Error::NotSupported)
    }

    pub fn alloc_pause(&self) -> Result<(), Error> {
        Err(Error::NotSupported)
    }

    pub fn resume(&self) -> Result<(), Error> {
        Err(Error::NotSupported)
    }

    pub fn moment(&self, clock_us: u64) -> (u64, Trace) {
        (clock_us, Trace::default())
    }

    pub fn count(&self) -> u32 {
        0
    }

    pub fn wants_free_caller(&self) -> bool {
        false
    }

    pub fn is_recording(&self) -> bool {
        false
    }

    pub fn records_allocations(&self) -> bool {
        false
    }

    pub fn allocated(&self, _event: &Allocation<'_>) {}

    pub fn freed(&self, _event: &Free<'_>) -> Option<UnnamedFree> {
        None
    }

    pub fn freed_unnamed(&self, _address: usize, _size: usize) -> Option<UnnamedFree> {
        None
    }

    pub fn name_free(&self, _free: UnnamedFree, _time_us: u64, _task: u16, _stack: &CallStack) {}

    pub fn now_us(&self, clock_us: u64) -> u64 {
        clock_us
    }

    pub fn failed(&self, _event: &FailedAllocation<'_>) {}

    pub(crate) fn last_failure_us(&self) -> Option<u64> {
        None
    }

    pub fn get(&self, _index: u32) -> Result<Record, Error> {
        Err(Error::NotSupported)
    }

    pub fn buffer(&self) -> Range<usize> {
        0..0
    }

    pub fn summary(&self) -> Summary {
        Summary::default()
    }

    pub fn status(&self) -> Status {
        Status::default()
    }

    pub fn trace(&self) -> Trace {
        Trace::default()
    }

    pub fn attach(&self) -> Option<Attachment> {
        None
    }

    pub fn note_told(&self, _trace: Trace, _sent: u64, _dropped: u64) {}

    pub fn read_records(
        &self,
        _cursor: &mut RecordCursor,
        _out: &mut [Record],
    ) -> Result<usize, TraceEnded> {
        Ok(0)
    }

    pub fn read_stacks(
        &self,
        _cursor: &mut StackCursor,
        _out: &mut [Stack],
    ) -> Result<usize, TraceEnded> {
        Ok(0)
    }

    pub fn stack(&self, _trace: Trace, _id: u32) -> Result<Option<Stack>, TraceEnded> {
        Ok(None)
    }

    pub fn leaks<const N: usize>(
        &self,
        _cursor: &mut LeakCursor,
        out: &mut Vec<Sums, N>,
    ) -> Result<Option<u32>, TraceEnded> {
        out.clear();
        Ok(Some(0))
    }

    pub fn pass(&self, _now_us: u64) {}

    pub fn period(&self, _trace: Trace, _time_us: u64) -> Result<Period, TraceEnded> {
        Ok(Period::default())
    }

    pub fn births(
        &self,
        _trace: Trace,
        _times: core::ops::Range<u64>,
        _wanted: &mut [(u32, Births)],
    ) -> Result<(), TraceEnded> {
        Ok(())
    }

    pub fn failures(&self, _trace: Trace) -> Result<Vec<Failure, 8>, TraceEnded> {
        Ok(Vec::new())
    }

    pub fn wrong_frees(&self, _trace: Trace) -> Result<Vec<WrongFree, 4>, TraceEnded> {
        Ok(Vec::new())
    }
}

impl<M> Default for Tracer<M> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracer::EventRing;
    use embassy_sync::blocking_mutex::raw::NoopRawMutex;

    static EVENTS: EventRing<1> = EventRing::new();

    #[test]
    fn every_call_answers_not_supported() {
        let tracer = Tracer::<NoopRawMutex>::new();
        let refused = tracer.init_standalone(&mut [], None).err();
        assert_eq!(
            refused.map(|refused| refused.error),
            Some(Error::NotSupported)
        );
        assert_eq!(tracer.release().err(), Some(Error::NotSupported));
        assert_eq!(tracer.init_tohost(&EVENTS), Err(Error::NotSupported));
        assert_eq!(tracer.start(Mode::All, 0), Err(Error::NotSupported));
        assert_eq!(tracer.stop(), Err(Error::NotSupported));
        assert_eq!(tracer.alloc_pause(), Err(Error::NotSupported));
        assert_eq!(tracer.resume(), Err(Error::NotSupported));
        assert_eq!(tracer.get(0), Err(Error::NotSupported));
        assert_eq!((tracer.count(), tracer.summary()), (0, Summary::default()));
    }
}
