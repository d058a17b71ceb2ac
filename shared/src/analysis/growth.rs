//! How fast a series grows.

use super::series::{Series, span_us};
use super::trend::{Trend, lows};
use super::verdict::{RISES, SIGNIFICANCE, SLICES};

/// Shortest window of a lasting growth, in microseconds, and how much longer the next one is.
const LASTING_US: u64 = 60_000_000;
const LASTING_FACTOR: u64 = 4;

impl Series {
    /// Returns the bytes per minute of a growth that stands out from what comes and goes, and the microseconds that it was
    /// taken over: the last minute if it shows there, or else a window 4, 16, … times as long.
    pub fn lasting_growth(&self) -> Option<(f64, u64)> {
        let mut window_us = LASTING_US;
        loop {
            let window = self.window(window_us, 2 * SLICES);
            let span_us = span_us(window);
            let trend = Trend::fit(window);
            let lows = lows(window, SLICES);
            let rises = lows.windows(2).filter(|pair| pair[1].bytes > pair[0].bytes);
            if rises.count() >= RISES && trend.exceeds_noise(trend.rise(span_us), SIGNIFICANCE) {
                return Some((trend.bytes_per_minute(), span_us));
            }
            if window.len() == self.points().len() {
                return None;
            }
            window_us = span_us.max(window_us).saturating_mul(LASTING_FACTOR);
        }
    }

    /// Returns the growth over the last `window_us` in bytes per minute, 0 without two points.
    ///
    /// It is the slope of the low-water line, by the median of Theil and Sen: neither buffers that
    /// come and go nor single spikes bend it.
    pub fn growth_per_minute(&self, window_us: u64) -> f64 {
        Trend::fit(self.window(window_us, 0)).bytes_per_minute()
    }
}
