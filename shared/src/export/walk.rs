//! From messages to what happened to blocks, in the order of time.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use crate::capture::{Change, LiveBlocks, us};
use crate::trace::{Address, Record};
use crate::wire::{Free, Message, Sample};

/// What happened.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// A block was handed out.
    Allocated(Record),
    /// A block ended.
    Freed(Record, End),
    /// A region was looked at.
    Sample(Sample),
}

/// How a block ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    /// When the block was handed out, in microseconds since boot.
    pub(super) born_us: u64,
    /// When, in microseconds since boot.
    pub(super) time_us: u64,
    /// Who freed it; `None` where that is not known, or no free was seen.
    pub(super) stack: Option<u32>,
}

/// Tells of a step at a time in microseconds since boot that is never before that of the step before.
pub(super) type Tell<'a> = dyn FnMut(u64, &Step) -> fmt::Result + 'a;

/// Holds the blocks that are live at one time, and no others.
///
/// Records of a device come by their allocation, each with its free behind it: so a free is put off until the records are of a
/// later time. Events come by time.
#[derive(Debug, Default)]
pub(super) struct Walk {
    hz: u32,
    /// Blocks of records, by sequence number.
    records: BTreeMap<u64, Record>,
    /// Where they lie.
    places: BTreeMap<Address, u64>,
    /// Frees that are yet to come, by time in ticks and sequence number.
    frees: BTreeMap<(u64, u64), Option<u32>>,
    /// Blocks of events.
    live: LiveBlocks,
    /// The last sample of each region: a capture of a device has them before its records.
    samples: BTreeMap<u8, Sample>,
    now_us: u64,
}

impl Walk {
    pub(super) fn take(&mut self, message: &Message, tell: &mut Tell<'_>) -> fmt::Result {
        match message {
            Message::Header(header) => self.hz = header.tick_hz,
            Message::Record(record) => return self.record(record, tell),
            Message::Freed(free) => return self.free(free, tell),
            Message::Sample(sample) => {
                let before = self.samples.insert(sample.region, *sample);
                return before.map_or(Ok(()), |before| self.sample(before, tell));
            }
            _ => {}
        }
        let mut changes = Vec::new();
        self.live.take(message, |change| changes.push(change));
        changes.into_iter().try_for_each(|change| match change {
            Change::Allocated(record) => self.tell(record.seq, Step::Allocated(record), tell),
            Change::Freed(record, freed) => self.end(record, freed.time, freed.stack, tell),
            Change::Vanished(record, until) => self.end(record, until, None, tell),
        })
    }

    /// Tells of the frees that are left.
    pub(super) fn finish(&mut self, tell: &mut Tell<'_>) -> fmt::Result {
        self.free_until(u64::MAX, tell)?;
        self.sample_until(u64::MAX, tell)
    }

    /// Returns the blocks that are live.
    pub(super) fn live(&self) -> impl Iterator<Item = &Record> {
        self.records.values().chain(self.live.iter())
    }

    fn record(&mut self, record: &Record, tell: &mut Tell<'_>) -> fmt::Result {
        self.free_until(record.seq, tell)?;
        if self.records.get(&record.seq) == Some(record) {
            return Ok(());
        }
        // Who does not say where a block lies says 0. No two live blocks share an address.
        if record.address != Address(0)
            && let Some(before) = self.places.insert(record.address, record.seq)
        {
            self.frees.retain(|(_, seq), _| *seq != before);
            if let Some(before) = self.records.remove(&before) {
                self.end(before, record.seq, None, tell)?;
            }
        }
        self.records.insert(record.seq, *record);
        self.tell(record.seq, Step::Allocated(*record), tell)
    }

    fn free(&mut self, free: &Free, tell: &mut Tell<'_>) -> fmt::Result {
        let block = self.records.get(&free.seq);
        if block.is_some_and(|block| block.address == free.address) {
            self.frees.insert((free.time, free.seq), free.stack);
        }
        // One that comes long after its block has no record behind it to wait for.
        match self.records.last_key_value() {
            Some((newest, _)) => self.free_until(*newest, tell),
            None => Ok(()),
        }
    }

    fn free_until(&mut self, time: u64, tell: &mut Tell<'_>) -> fmt::Result {
        while let Some(first) = self.frees.first_entry() {
            let (at, seq) = *first.key();
            if at > time {
                break;
            }
            let stack = first.remove();
            if let Some(record) = self.records.remove(&seq) {
                if self.places.get(&record.address) == Some(&seq) {
                    self.places.remove(&record.address);
                }
                self.end(record, at, stack, tell)?;
            }
        }
        Ok(())
    }

    fn end(
        &mut self,
        record: Record,
        time: u64,
        stack: Option<u32>,
        tell: &mut Tell<'_>,
    ) -> fmt::Result {
        let (born_us, time_us) = (us(record.seq, self.hz), us(time, self.hz));
        self.tell(
            time,
            Step::Freed(
                record,
                End {
                    born_us,
                    time_us,
                    stack,
                },
            ),
            tell,
        )
    }

    fn sample_until(&mut self, time: u64, tell: &mut Tell<'_>) -> fmt::Result {
        let is_due = |sample: &Sample| sample.time <= time;
        if !self.samples.values().any(is_due) {
            return Ok(());
        }
        let due: Vec<_> = self.samples.values().copied().filter(is_due).collect();
        self.samples.retain(|_, sample| !is_due(sample));
        due.into_iter()
            .try_for_each(|sample| self.sample(sample, tell))
    }

    fn sample(&mut self, sample: Sample, tell: &mut Tell<'_>) -> fmt::Result {
        self.now_us = self.now_us.max(us(sample.time, self.hz));
        tell(self.now_us, &Step::Sample(sample))
    }

    fn tell(&mut self, time: u64, step: Step, tell: &mut Tell<'_>) -> fmt::Result {
        self.sample_until(time, tell)?;
        self.now_us = self.now_us.max(us(time, self.hz));
        tell(self.now_us, &step)
    }
}
