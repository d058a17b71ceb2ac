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
    pub(super) noise: f64,
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
