//! The leak list since the page opened, and rates.

use std::collections::VecDeque;

use heapbeacon_shared::analysis::{
    Blocks, Point, Series, Timed, Verdict, held_for_certain, verdict,
};
use heapbeacon_shared::api::{LeaksPage, Trace};
use heapbeacon_shared::trace::State;

/// Traces that a rate is taken over.
const RATE_WINDOW: usize = 6;
/// Answers of which the lowest count of blocks counts.
const LOWEST_OF: usize = 12;
/// Shortest time between two answers, in microseconds.
pub(super) const SHORTEST_US: u64 = 100_000;
const US_PER_SECOND: f64 = 1e6;

/// Live blocks of one call stack at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Id of the call stack.
    pub stack: u32,
    /// Live bytes.
    pub bytes: u64,
    /// Live blocks.
    pub count: u64,
    /// Blocks whose records were evicted: they may be freed or not.
    pub evicted: u64,
    /// Allocations so far.
    pub allocations: u64,
    /// Frees so far.
    pub frees: u64,
    /// When its oldest live block was allocated, microseconds since boot.
    pub oldest_us: u64,
    /// When its newest live block was allocated, microseconds since boot.
    pub newest_us: u64,
}

/// Live blocks of every call stack at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Microseconds since boot.
    pub time_us: u64,
    /// Microseconds before it that were watched and not recorded.
    pub unrecorded_us: u64,
    /// One entry per call stack that was listed.
    pub held: Vec<Held>,
    /// Whether call stacks that were not listed held nothing.
    pub is_complete: bool,
    /// Blocks of the whole trace that are [`held_for_certain`].
    pub certain: i64,
    /// Mean size of a block whose record was evicted, in bytes.
    pub evicted_size: u64,
}

impl Timed for Snapshot {
    fn time_us(&self) -> u64 {
        self.time_us
    }
}

impl Snapshot {
    /// Takes the numbers out of a page of leaks, and of the trace that it belongs to.
    pub fn of(page: &LeaksPage, trace: &Trace) -> Self {
        let held = page.leaks.iter().map(|leak| Held {
            stack: leak.stack.id,
            bytes: leak.bytes,
            count: leak.count,
            evicted: leak.stack.evicted,
            allocations: leak.stack.allocations,
            frees: leak.stack.frees,
            oldest_us: leak.oldest_us,
            newest_us: leak.newest_us,
        });
        let size = trace
            .summary
            .evicted_live_bytes
            .checked_div(trace.summary.evicted_live);
        Self {
            time_us: page.time_us,
            unrecorded_us: 0,
            held: held.collect(),
            is_complete: listed(page) >= u64::from(page.total),
            certain: held_for_certain(&trace.summary),
            evicted_size: size.unwrap_or(0),
        }
    }

    /// Returns its time on a clock that stands still while nothing is recorded.
    pub(super) fn recorded_us(&self) -> u64 {
        self.time_us.saturating_sub(self.unrecorded_us)
    }
}

/// Returns a time since boot on a clock that stands still while nothing is recorded.
pub(super) fn recorded_us(snapshots: &[Snapshot], time_us: u64) -> u64 {
    let (before, after) =
        snapshots.split_at(snapshots.partition_point(|snapshot| snapshot.time_us < time_us));
    let unrecorded_us = before.last().map_or(0, |snapshot| snapshot.unrecorded_us);
    let latest_us = after.first().map_or(u64::MAX, Snapshot::recorded_us);
    time_us.saturating_sub(unrecorded_us).min(latest_us)
}

/// A history on a clock that stands still while nothing is recorded.
pub(super) struct Recorded {
    /// What there is to judge.
    pub(super) series: Series,
    unrecorded_us: u64,
}

impl Recorded {
    /// Creates a history with room for so many moments.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            series: Series::new(capacity),
            unrecorded_us: 0,
        }
    }

    /// Appends what there was at the moment of a snapshot. Returns whether what was before counts no more.
    pub(super) fn push(&mut self, snapshot: &Snapshot, point: Point) -> bool {
        let is_resumed = snapshot.unrecorded_us > self.unrecorded_us;
        let last = self.series.last().map_or(0, |last| last.count);
        // A pause records frees only: what went then comes back now, and that is no growth.
        let begins_anew = is_resumed && point.count < last;
        if begins_anew {
            self.series.clear();
        }
        self.unrecorded_us = snapshot.unrecorded_us;
        self.series.push(Point {
            time_us: snapshot.recorded_us(),
            ..point
        });
        begins_anew
    }
}

/// Returns how many of a page's call stacks have live blocks: those that the device lists itself.
pub fn listed(page: &LeaksPage) -> u64 {
    page.leaks.iter().filter(|leak| leak.count > 0).count() as u64
}

/// Returns whether blocks pile up in all, whoever allocated them, and however many records were evicted.
///
/// What only comes and goes returns to its lowest, a leak lifts it: so it is told from the lowest of every few answers.
pub(super) fn piles_up(snapshots: &[Snapshot]) -> bool {
    let least = snapshots.iter().map(|snapshot| snapshot.certain).min();
    let least = least.unwrap_or(0);
    let mut recorded = Recorded::new(snapshots.len());
    for snapshot in snapshots {
        let count = snapshot.certain.abs_diff(least);
        let point = Point {
            bytes: count,
            count,
            ..Point::default()
        };
        recorded.push(snapshot, point);
    }
    // From the newest on, so that it is the oldest ones that may be too few.
    let few = recorded.series.points().rchunks(LOWEST_OF).rev();
    let mut lowest = Series::new(snapshots.len());
    few.filter_map(|few| few.iter().min_by_key(|point| point.count))
        .for_each(|low| lowest.push(*low));
    let last = lowest.last().copied().unwrap_or_default();
    let blocks = Blocks {
        count: last.count,
        newest_us: last.time_us,
        now_us: last.time_us,
        ..Blocks::default()
    };
    matches!(verdict(&lowest, &blocks), Verdict::Growing { .. })
}

/// Allocations and frees per second, over the last few answers in one state of the trace.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    state: State,
    /// Time, allocations and frees of each answer, oldest first.
    seen: VecDeque<(u64, u64, u64)>,
}

impl Rates {
    /// Takes the counters of an answer.
    pub fn push(&mut self, trace: &Trace) {
        if self.state != trace.summary.state {
            self.state = trace.summary.state;
            self.seen.clear();
        }
        let now = (
            trace.summary.time_us,
            trace.summary.total_allocations,
            trace.total_frees,
        );
        // Between two answers within no time the clock stands still, and so does what is known of the rate.
        if self
            .seen
            .back()
            .is_some_and(|last| now.0 < last.0 + SHORTEST_US)
        {
            return;
        }
        if self.seen.len() == RATE_WINDOW {
            self.seen.pop_front();
        }
        self.seen.push_back(now);
    }

    /// Returns allocations and frees per second; `None` before there are two answers.
    pub fn per_second(&self) -> Option<(f64, f64)> {
        let (first, last) = (self.seen.front()?, self.seen.back()?);
        let seconds = last.0.checked_sub(first.0).filter(|us| *us > 0)? as f64 / US_PER_SECOND;
        let per_second = |from: u64, to: u64| to.saturating_sub(from) as f64 / seconds;
        Some((per_second(first.1, last.1), per_second(first.2, last.2)))
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::Summary;

    use super::*;

    #[test]
    fn rates_come_from_the_last_few_answers() {
        let trace = |second: u64, allocations| Trace {
            summary: Summary {
                time_us: second * 1_000_000,
                total_allocations: allocations,
                ..Summary::default()
            },
            total_frees: allocations / 2,
            ..Trace::default()
        };
        let mut rates = Rates::default();
        rates.push(&trace(1, 0));
        assert_eq!(rates.per_second(), None);
        rates.push(&trace(3, 20));
        assert_eq!(rates.per_second(), Some((10.0, 5.0)));
        (4..20).for_each(|second| rates.push(&trace(second, 20)));
        assert_eq!(rates.per_second(), Some((0.0, 0.0)));
        // What was not recorded does not count.
        for (second, allocations) in [(20, 20), (21, 60)] {
            rates.push(&Trace {
                summary: Summary {
                    state: State::Recording,
                    ..trace(second, allocations).summary
                },
                ..trace(second, allocations)
            });
        }
        assert_eq!(rates.per_second(), Some((40.0, 20.0)));
    }
}
