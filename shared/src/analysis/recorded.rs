//! Histories on a clock that stands still while nothing is recorded.

use super::series::{Point, Series};
use super::snapshot::Snapshot;

/// Answers of which the lowest count of blocks counts.
const LOWEST_OF: usize = 12;

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

    /// Appends what there was at the moment of a snapshot.
    pub(super) fn push(&mut self, snapshot: &Snapshot, point: Point) {
        let is_resumed = snapshot.unrecorded_us > self.unrecorded_us;
        let last = self.series.last().map_or(0, |last| last.count);
        // A pause records frees only: what went then comes back now, and that is no growth.
        if is_resumed && point.count < last {
            self.series.clear();
        }
        self.unrecorded_us = snapshot.unrecorded_us;
        self.series.push(Point {
            time_us: snapshot.recorded_us(),
            ..point
        });
    }
}

/// Returns whether blocks pile up in all, whoever allocated them, and however many records were evicted.
///
/// What only comes and goes returns to its lowest, a leak lifts it: so it is told from the lowest of every few answers.
pub fn piles_up(snapshots: &[Snapshot]) -> bool {
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
    lowest.keeps_rising()
}
