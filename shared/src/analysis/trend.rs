//! The line through the low-water marks of a window.

use alloc::vec::Vec;

use super::series::{Point, span_us};

/// Low-water marks that a line is fitted to: bounds the pairs to 2016.
const MARKS: usize = 64;

const US_PER_MINUTE: f64 = 60e6;

/// A straight line through a window, after Theil and Sen.
pub(super) struct Trend {
    bytes_per_us: f64,
    /// Median distance of the low-water marks from the line, in bytes.
    noise: f64,
    /// How many low-water marks there are.
    marks: usize,
}

impl Trend {
    /// Fits the line; it is level if there are no two points.
    pub(super) fn fit(points: &[Point]) -> Self {
        let marks = lows(points, MARKS);
        let bytes_per_us = median(slopes(&marks).collect());
        let offset = |mark: &Point| mark.bytes as f64 - bytes_per_us * mark.time_us as f64;
        let level = median(marks.iter().map(offset).collect());
        let distances = marks.iter().map(|mark| (offset(mark) - level).abs());
        Self {
            bytes_per_us,
            noise: median(distances.collect()),
            marks: marks.len(),
        }
    }

    /// Returns the slope.
    pub(super) fn bytes_per_minute(&self) -> f64 {
        self.bytes_per_us * US_PER_MINUTE
    }

    /// Returns how far the line rises within `duration_us`, in bytes.
    pub(super) fn rise(&self, duration_us: u64) -> f64 {
        self.bytes_per_us * duration_us as f64
    }

    /// Returns whether some rise is more than `factor` times what noise makes of a level line. Fewer marks than
    /// [`MARKS`] are less certain: as ever, by the root of their number.
    pub(super) fn exceeds_noise(&self, rise: f64, factor: f64) -> bool {
        let (rise, noise) = (rise.max(0.0), factor * self.noise);
        rise * rise * self.marks as f64 > noise * noise * MARKS as f64
    }

    /// Returns whether this line may go on in the points of a shorter window: they rise at least half as
    /// fast, or `doubt` times their noise hides that they do.
    pub(super) fn goes_on_in(&self, shorter: &[Point], doubt: f64) -> bool {
        let duration_us = span_us(shorter);
        let other = Self::fit(shorter);
        let lacking = self.rise(duration_us) / 2.0 - other.rise(duration_us);
        !other.exceeds_noise(lacking, doubt)
    }
}

/// Returns the lowest point of each of `slices` equal slices of time, without the empty ones.
pub(super) fn lows(points: &[Point], slices: usize) -> Vec<Point> {
    let Some(first) = points.first() else {
        return Vec::new();
    };
    let slice_us = span_us(points) / slices as u64 + 1;
    let slice_of = |point: &Point| (point.time_us - first.time_us) / slice_us;
    points
        .chunk_by(|a, b| slice_of(a) == slice_of(b))
        .filter_map(|slice| slice.iter().min_by_key(|point| point.bytes).copied())
        .collect()
}

/// Slope of every pair of marks, in bytes per microsecond.
fn slopes(marks: &[Point]) -> impl Iterator<Item = f64> {
    marks.iter().enumerate().flat_map(|(index, later)| {
        marks[..index].iter().map(move |earlier| {
            (later.bytes as f64 - earlier.bytes as f64) / (later.time_us - earlier.time_us) as f64
        })
    })
}

/// The upper median, 0 of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

#[cfg(test)]
mod tests;
