//! How much was live in time, in no more points than can be seen.

use alloc::vec;
use alloc::vec::Vec;

use super::recording::Recording;
use super::walk::Step;
use crate::trace;
use crate::wire::Sample;

/// Points of each counter, about.
const POINTS: u64 = 2_000;

/// What a counter says at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) time_us: u64,
    /// Index of the counter.
    pub(super) counter: usize,
    pub(super) value: u64,
}

/// Numbers that change step by step: each is told when enough time has passed, with the most that it was meanwhile.
#[derive(Debug)]
pub(super) struct Counters {
    counters: Vec<Counter>,
    now_us: u64,
    every_us: u64,
    next_us: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    /// `None` where nothing was said yet.
    value: Option<u64>,
    told: Option<u64>,
    /// The most since then, and when it was that.
    most: u64,
    most_us: u64,
}

impl Counters {
    pub(super) fn new(recording: &Recording, counters: usize) -> Self {
        let (from_us, until_us) = recording.span_us();
        Self {
            counters: vec![Counter::default(); counters],
            now_us: from_us,
            every_us: (until_us - from_us) / POINTS,
            next_us: 0,
        }
    }

    /// Returns what is to be told at a time, before what happens there, in the order of time.
    pub(super) fn at(&mut self, time_us: u64) -> Vec<Point> {
        self.now_us = self.now_us.max(time_us);
        if time_us < self.next_us {
            return Vec::new();
        }
        self.next_us = time_us.saturating_add(self.every_us.max(1));
        self.tell(time_us)
    }

    pub(super) fn change(&mut self, counter: usize, change: impl FnOnce(u64) -> u64) {
        let Some(counter) = self.counters.get_mut(counter) else {
            return;
        };
        let value = change(counter.value.unwrap_or(0));
        counter.value = Some(value);
        if value > counter.most {
            (counter.most, counter.most_us) = (value, self.now_us);
        }
    }

    /// Returns what has changed since it was told last.
    pub(super) fn tell(&mut self, time_us: u64) -> Vec<Point> {
        let mut points = Vec::new();
        for (index, counter) in self.counters.iter_mut().enumerate() {
            let Some(value) = counter.value else { continue };
            let mut point = |time_us, value| {
                points.push(Point {
                    time_us,
                    counter: index,
                    value,
                });
            };
            if counter.most > value.max(counter.told.unwrap_or(0)) {
                point(counter.most_us, counter.most);
                counter.told = Some(counter.most);
            }
            if counter.told != Some(value) {
                point(time_us, value);
            }
            *counter = Counter {
                value: Some(value),
                told: Some(value),
                most: 0,
                most_us: time_us,
            };
        }
        points.sort_by_key(|point| point.time_us);
        points
    }
}

/// What is counted of a region.
pub(super) const LEVELS: [&str; 3] = ["used", "free", "largest free block"];

/// Returns what a sample says of a region: its [levels](LEVELS).
pub(super) fn levels(sample: &Sample) -> [u64; 3] {
    [sample.used, sample.free, sample.largest_free_block]
}

/// Returns the same as the device remembers it of an earlier time, for each of so many regions.
pub(super) fn levels_before(
    point: &trace::Point,
    regions: usize,
) -> impl Iterator<Item = [u64; 3]> {
    let levels = point.regions.iter().take(regions);
    levels.map(|level| [level.used, level.free, level.largest_free_block])
}

/// Returns by how much a step changes the live bytes.
pub(super) fn live_after(step: &Step, live: u64) -> u64 {
    match step {
        Step::Allocated(record) => live.saturating_add(record.size),
        Step::Freed(record, _) => live.saturating_sub(record.size),
        Step::Sample(_) => live,
    }
}
