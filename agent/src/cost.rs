//! What tracing costs, measured while it runs.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// One event in this many is timed; a power of two.
const EVERY: u64 = 64;
/// A new sample counts for one part in this many of the mean.
const WEIGHT: u32 = 16;

/// A moving mean of what one event costs, in units of the board's clock.
///
/// It takes no lock: of two samples taken at once, one may be lost.
#[derive(Debug, Default)]
pub struct CostMeter {
    /// In parts of [`WEIGHT`]; 0 before the first sample.
    mean: AtomicU32,
}

impl CostMeter {
    /// Makes a meter without samples.
    pub const fn new() -> Self {
        Self {
            mean: AtomicU32::new(0),
        }
    }

    /// Returns the mean cost of one event, 0 before the first sample.
    pub fn mean(&self) -> u32 {
        self.mean.load(Relaxed) / WEIGHT
    }

    /// Does the work of an event that happens at `time_us`, and now and then times it.
    ///
    /// The lowest bits of the time choose the events: that takes no counter.
    #[inline(always)]
    pub(crate) fn measure(&self, time_us: u64, clock: fn() -> u32, work: impl FnOnce()) {
        let begin = time_us.is_multiple_of(EVERY).then(clock);
        work();
        if let Some(begin) = begin {
            self.add(clock().wrapping_sub(begin));
        }
    }

    #[cold]
    fn add(&self, sample: u32) {
        let mean = self.mean.load(Relaxed);
        let next = match mean {
            0 => sample.saturating_mul(WEIGHT),
            mean => (mean - mean / WEIGHT).saturating_add(sample),
        };
        self.mean.store(next, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_follows_the_samples() {
        let meter = CostMeter::new();
        assert_eq!(meter.mean(), 0);
        meter.add(100);
        assert_eq!(meter.mean(), 100);
        for _ in 0..200 {
            meter.add(300);
        }
        assert!((290..=300).contains(&meter.mean()), "{}", meter.mean());
    }

    #[test]
    fn one_event_in_so_many_is_timed() {
        static CLOCK: AtomicU32 = AtomicU32::new(0);
        let meter = CostMeter::new();
        for time_us in 0..EVERY * 4 {
            meter.measure(time_us, || CLOCK.fetch_add(7, Relaxed), || {});
        }
        assert_eq!(CLOCK.load(Relaxed), 7 * 2 * 4);
        assert_eq!(meter.mean(), 7);
    }
}
