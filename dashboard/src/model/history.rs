//! The leak list at one moment, and what a series of them shows.

use heapbeacon_shared::analysis::{
    Blocks, Point, Series, Timed, Verdict, held_for_certain, verdict,
};
use heapbeacon_shared::api::{LeaksPage, Trace};

/// Answers of which the lowest count of blocks counts.
const LOWEST_OF: usize = 12;
/// Shortest time between two answers, in microseconds.
pub(super) const SHORTEST_US: u64 = 100_000;

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
