//! How fast a series grows.

use alloc::vec::Vec;

use super::series::{Point, Series, span_us};
use super::trend::{Trend, lows};

/// Slices of a window, each with its low-water mark.
pub const SLICES: usize = 6;
/// Steps from slice to slice that must rise for growth, of `SLICES - 1`.
const RISES: usize = 4;
/// Noise that growth exceeds, as a factor.
const SIGNIFICANCE: f64 = 4.0;

/// Shortest window of a lasting growth, in microseconds, and how much longer the next one is.
const LASTING_US: u64 = 60_000_000;
const LASTING_FACTOR: u64 = 4;

/// Shortest time that shows that blocks pile up, in microseconds, and the shortest window that it is looked for in.
const PILING_UP_US: u64 = 10_000_000;
const WINDOW_US: u64 = 20_000_000;
/// Fewest blocks gained then.
const GAIN: u64 = 3;
/// Blocks gained that are too few to show in a shorter window.
const FEW_GAINED: u64 = SLICES as u64 * LASTING_FACTOR;
/// Noise that a lack of growth in a shorter window exceeds, as a factor.
const DOUBT: f64 = 1.5;

impl Series {
    /// Returns whether the count keeps rising until now: in the last seconds, or in a window 4, 16, … times as long which no
    /// shorter one contradicts.
    pub(super) fn keeps_rising(&self) -> bool {
        if self.span_us() < PILING_UP_US || self.points().len() < SLICES {
            return false;
        }
        let mut window_us = WINDOW_US;
        let mut shorter = Vec::new();
        loop {
            let window = self.window(window_us, 2 * SLICES);
            if rises(window, &shorter) {
                return true;
            }
            if window.len() == self.points().len() {
                return false;
            }
            window_us = span_us(window)
                .max(window_us)
                .saturating_mul(LASTING_FACTOR);
            shorter.push(window);
        }
    }

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

/// Returns whether the low-water line of a window never falls and stands out from what comes and goes, and the shorter windows
/// do not show that this has ended.
fn rises(window: &[Point], shorter: &[&[Point]]) -> bool {
    let lows = lows(window, SLICES);
    let (Some(first), Some(last)) = (lows.first(), lows.last()) else {
        return false;
    };
    let gain = last.count.saturating_sub(first.count);
    let steps = lows.windows(2).filter(|pair| pair[1].bytes > pair[0].bytes);
    if gain < GAIN || !lows.is_sorted_by_key(|low| low.bytes) || steps.count() < RISES {
        return false;
    }
    let trend = Trend::fit(window);
    let goes_on = |shorter: &&[Point]| trend.goes_on_in(shorter, DOUBT);
    trend.exceeds_noise(trend.rise(span_us(window)), SIGNIFICANCE)
        && (gain < FEW_GAINED || shorter.iter().all(goes_on))
}

#[cfg(test)]
mod tests;
