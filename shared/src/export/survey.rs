//! What a capture names, and what its blocks add up to.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use super::sums::{Amount, Sums};
use super::walk::{Step, Walk};
use crate::capture::{Past, insert_mark, us};
use crate::trace::{Mark, MissedFrees, Period, Record, Stack, Summary, Task};
use crate::wire::{Header, HeapRegion, Message};

/// A call stack, and the region that its blocks lie in.
pub(super) type Place = (u32, Option<u8>);

#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) header: Option<Header>,
    pub(super) summary: Option<Summary>,
    missed: MissedFrees,
    pub(super) period: Option<Period>,
    pub(super) regions: Vec<HeapRegion>,
    pub(super) marks: Vec<Mark>,
    /// How full the heap was before, in the order of time.
    pub(super) history: Past,
    pub(super) tasks: BTreeMap<u16, Task>,
    pub(super) stacks: BTreeMap<u32, Stack>,
    pub(super) totals: Totals,
    walk: Walk,
}

/// What blocks add up to.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) sums: BTreeMap<Place, Sums>,
    /// Live blocks of each call stack, and the most of them.
    peaks: BTreeMap<u32, Peak>,
    pub(super) all: Sums,
    pub(super) peak: Amount,
    /// Steps until then.
    pub(super) peak_step: u64,
    pub(super) steps: u64,
    pub(super) first_us: Option<u64>,
    pub(super) last_us: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Peak {
    live: Amount,
    most: Amount,
}

impl Survey {
    pub(super) fn take(&mut self, message: &Message) -> fmt::Result {
        match message {
            Message::Header(header) => self.header = Some(header.clone()),
            Message::Counters(summary) => self.summary = Some(*summary),
            Message::MissedFrees(missed) => self.missed = *missed,
            Message::Period(period) => self.period = Some(period.clone()),
            Message::Region(region) => self.region(region),
            Message::Mark(mark) => insert_mark(&mut self.marks, mark.clone()),
            Message::History(point) => self.history.take(point.clone()),
            Message::Task(task) => {
                self.tasks.insert(task.id, task.clone());
            }
            Message::Stack(stack) => {
                self.stacks.insert(stack.id, stack.clone());
            }
            _ => {}
        }
        let Self {
            totals,
            walk,
            regions,
            ..
        } = self;
        walk.take(message, &mut |now_us, step| {
            totals.take(now_us, step, regions);
            Ok(())
        })
    }

    /// Returns the live blocks, oldest first, once all messages were taken.
    pub(super) fn finish(&mut self) -> Result<Vec<Record>, fmt::Error> {
        let Self {
            totals,
            walk,
            regions,
            ..
        } = self;
        walk.finish(&mut |now_us, step| {
            totals.take(now_us, step, regions);
            Ok(())
        })?;
        let mut live: Vec<_> = walk.live().copied().collect();
        live.sort_unstable_by_key(|record| record.seq);
        self.settle();
        Ok(live)
    }

    /// Brings every time to microseconds, and gives each call stack that has blocks an entry.
    fn settle(&mut self) {
        let hz = self.hz();
        if let Some(summary) = &mut self.summary {
            summary.missed_frees = self.missed.frees;
            summary.missed_freed_bytes = self.missed.bytes;
            for time in [
                &mut summary.time_us,
                &mut summary.started_us,
                &mut summary.doubtful_until_us,
            ] {
                *time = us(*time, hz);
            }
            self.totals.last_us = self.totals.last_us.max(summary.time_us);
        }
        for mark in &mut self.marks {
            mark.time_us = us(mark.time_us, hz);
        }
        for gap in self
            .period
            .iter_mut()
            .flat_map(|period| &mut period.unrecorded)
        {
            gap.from_us = us(gap.from_us, hz);
            gap.until_us = gap.until_us.map(|until| us(until, hz));
        }
        for (id, _) in self.totals.sums.keys() {
            self.stacks.entry(*id).or_insert_with(|| Stack {
                id: *id,
                ..Stack::default()
            });
        }
    }

    pub(super) fn hz(&self) -> u32 {
        self.header.as_ref().map_or(0, |header| header.tick_hz)
    }

    fn region(&mut self, region: &HeapRegion) {
        let is_known =
            |known: &HeapRegion| (&known.name, known.start) == (&region.name, region.start);
        if !self.regions.iter().any(is_known) {
            self.regions.push(region.clone());
        }
    }
}

impl Totals {
    /// Takes the next step.
    pub(super) fn take(&mut self, now_us: u64, step: &Step, regions: &[HeapRegion]) {
        self.steps += 1;
        self.first_us.get_or_insert(now_us);
        self.last_us = self.last_us.max(now_us);
        match step {
            Step::Allocated(record) => {
                self.sums_of(record, regions).allocate(record.size);
                self.all.allocate(record.size);
                let peak = self.peaks.entry(record.stack).or_default();
                peak.live.add(record.size);
                if peak.live.bytes > peak.most.bytes {
                    peak.most = peak.live;
                }
                if self.all.live.bytes > self.peak.bytes {
                    (self.peak, self.peak_step) = (self.all.live, self.steps);
                }
            }
            Step::Freed(record, end) => {
                let lifetime_us = end.time_us.saturating_sub(end.born_us);
                self.sums_of(record, regions).free(record.size, lifetime_us);
                self.all.free(record.size, lifetime_us);
                let peak = self.peaks.entry(record.stack).or_default();
                peak.live.remove(record.size);
            }
            Step::Sample(_) => {}
        }
    }

    /// Returns the most that was live of a call stack at one time.
    pub(super) fn peak_of(&self, stack: u32) -> Amount {
        self.peaks.get(&stack).copied().unwrap_or_default().most
    }

    fn sums_of(&mut self, record: &Record, regions: &[HeapRegion]) -> &mut Sums {
        let region = region_of(record, regions);
        self.sums.entry((record.stack, region)).or_default()
    }
}

/// Returns the index of the region that a block lies in.
pub(super) fn region_of(record: &Record, regions: &[HeapRegion]) -> Option<u8> {
    let at = record.address.0;
    let is_inside = |region: &HeapRegion| {
        at.checked_sub(region.start.0)
            .is_some_and(|offset| offset < region.size)
    };
    let place = regions.iter().position(is_inside)?;
    u8::try_from(place).ok()
}
