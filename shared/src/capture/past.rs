//! How full the heap was over time: as the device remembers it, and behind that as a connection has told.

use alloc::vec::Vec;

use crate::trace::{Level, Point};
use crate::wire::Sample;

/// Most regions of a heap.
const MOST_REGIONS: usize = 4;

/// Points in the order of time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    points: Vec<Point>,
}

impl Past {
    /// Takes a point. One that is not behind those from before was told twice.
    pub(crate) fn take(&mut self, point: Point) {
        if point.until_us > self.until() {
            self.points.push(point);
        }
    }

    /// Makes points of the samples of so many regions that are behind all points; a capture has samples of its own moment only,
    /// which is told elsewhere.
    pub(super) fn take_samples(&mut self, samples: &[Sample], regions: usize) {
        let is_one_moment = samples.windows(2).all(|pair| pair[0].time == pair[1].time);
        if is_one_moment {
            return;
        }
        for moment in samples.chunk_by(|one, next| one.time == next.time) {
            let levels = moment.iter().map(level);
            if moment.len() == regions {
                self.take(Point {
                    from_us: self.until(),
                    until_us: moment[0].time,
                    regions: levels.take(MOST_REGIONS).collect(),
                });
            }
        }
    }

    /// Returns all of them.
    pub(crate) fn finish(self) -> Vec<Point> {
        self.points
    }

    fn until(&self) -> u64 {
        self.points.last().map_or(0, |last| last.until_us)
    }
}

fn level(sample: &Sample) -> Level {
    Level {
        used: sample.used,
        least_used: sample.used,
        free: sample.free,
        largest_free_block: sample.largest_free_block,
    }
}
