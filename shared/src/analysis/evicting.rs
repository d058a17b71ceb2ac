//! Blocks that outlive their records: told from how many there were over time, where blocks pile up in all.

use alloc::vec::Vec;

use super::evidence::{FEW_BLOCKS, LEAK_BLOCKS, LEAK_US, MANY_US, Passed, SHORTEST_US};
use super::rises::Rises;
use crate::trace::{Kind, Leak, Period, Verdict};

/// Call stacks of which records were evicted, followed from answer to answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Evicting {
    /// By the id of the call stack; a list is short enough to look through.
    tracks: Vec<(u32, Track)>,
    /// When the last answer was, on the clock of recorded time.
    now_us: u64,
}

impl Evicting {
    /// Takes the next answer. A block without a record has `evicted_size` bytes where its call stack does not tell.
    pub(super) fn take(&mut self, period: &Period, leaks: &[(Leak, Passed)], evicted_size: u64) {
        self.now_us = period.recorded_us(period.time_us);
        for (leak, passed) in leaks.iter().filter(|(_, passed)| passed.evicted > 0) {
            let moment = Moment {
                time_us: period.time_us,
                recorded_us: self.now_us,
                held: passed.evicted + leak.outlived.count,
            };
            let size = leak.bytes.checked_div(leak.count).unwrap_or(evicted_size);
            match self.tracks.iter_mut().find(|(id, _)| *id == leak.stack) {
                Some((_, track)) => track.take(moment, size),
                None => self.tracks.push((leak.stack, Track::new(moment, size))),
            }
        }
    }

    /// Returns what is said of a call stack if what it lost is held, as blocks are in all; `None` if it does not grow.
    pub(super) fn verdict(&self, stack: u32) -> Option<Verdict> {
        let (_, track) = self.tracks.iter().find(|(id, _)| *id == stack)?;
        track.verdict(self.now_us)
    }
}

/// What there was in an answer.
#[derive(Clone, Copy, Debug)]
struct Moment {
    /// When that was, in microseconds since boot.
    time_us: u64,
    /// The same on the clock of recorded time.
    recorded_us: u64,
    /// Blocks that outlived others, or their records.
    held: u64,
}

/// A call stack since the last time that it held less.
#[derive(Clone, Debug)]
struct Track {
    first: Moment,
    last: Moment,
    /// Bytes of a block.
    size: u64,
    rises: Rises,
}

impl Track {
    fn new(moment: Moment, size: u64) -> Self {
        let mut rises = Rises::default();
        rises.take(moment.held, moment.recorded_us);
        Self {
            first: moment,
            last: moment,
            size,
            rises,
        }
    }

    fn take(&mut self, moment: Moment, size: u64) {
        if moment.held < self.last.held {
            *self = Self::new(moment, size);
        } else {
            self.rises.take(moment.held, moment.recorded_us);
            (self.last, self.size) = (moment, size);
        }
    }

    fn verdict(&self, now_us: u64) -> Option<Verdict> {
        let gained = self.last.held - self.first.held;
        let span_us = now_us.saturating_sub(self.first.recorded_us);
        let grows = gained >= FEW_BLOCKS && span_us >= SHORTEST_US && !self.rises.has_ended(now_us);
        let bytes = u128::from(gained) * u128::from(self.size);
        let bytes_per_minute = bytes * 60_000_000 / u128::from(span_us.max(1));
        grows.then(|| Verdict {
            kind: Kind::Leaking,
            certain: (gained >= LEAK_BLOCKS && span_us >= MANY_US) || span_us >= LEAK_US,
            bytes_per_minute: bytes_per_minute.try_into().unwrap_or(u64::MAX),
            since_us: self.first.time_us,
        })
    }
}

#[cfg(test)]
mod tests;
