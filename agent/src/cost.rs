//! What tracing costs, measured while it runs.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

/// One allocation in this many is timed, and the free that comes after it; a power of two.
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
    /// Whether the next free is to be timed.
    is_next_timed: AtomicBool,
}

impl CostMeter {
    /// Makes a meter without samples.
    pub const fn new() -> Self {
        Self {
            mean: AtomicU32::new(0),
            is_next_timed: AtomicBool::new(false),
        }
    }

    /// Returns the mean cost of one event, 0 before the first sample.
    pub fn mean(&self) -> u32 {
        self.mean.load(Relaxed) / WEIGHT
    }

    /// Does the work of an allocation that happens at `time_us`, and now and then times it.
    ///
    /// The lowest bits of the time choose which: that takes no counter.
    #[inline(always)]
    pub(crate) fn measure(&self, time_us: u64, clock: fn() -> u32, work: impl FnOnce()) {
        let begin = time_us.is_multiple_of(EVERY).then(clock);
        work();
        if let Some(begin) = begin {
            self.add(clock().wrapping_sub(begin));
            self.is_next_timed.store(true, Relaxed);
        }
    }

    /// Does the work of a free, and times it if it comes after an allocation that was timed: so it needs no time of
    /// its own.
    #[inline(always)]
    pub(crate) fn measure_next(&self, clock: fn() -> u32, work: impl FnOnce()) {
        let begin = self.is_next_timed.load(Relaxed).then(clock);
        work();
        if let Some(begin) = begin {
            self.add(clock().wrapping_sub(begin));
            self.is_next_timed.store(false, Relaxed);
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
    fn one_allocation_in_so_many_is_timed() {
        static CLOCK: AtomicU32 = AtomicU32::new(0);
        let meter = CostMeter::new();
        for time_us in 0..EVERY * 4 {
            meter.measure(time_us, || CLOCK.fetch_add(7, Relaxed), || {});
        }
        assert_eq!(CLOCK.load(Relaxed), 7 * 2 * 4);
        assert_eq!(meter.mean(), 7);
    }

    #[test]
    fn the_free_after_an_allocation_that_is_timed_is_timed_too() {
        static CLOCK: AtomicU32 = AtomicU32::new(0);
        let meter = CostMeter::new();
        let readings = || CLOCK.load(Relaxed);
        let clock = || CLOCK.fetch_add(1, Relaxed);
        meter.measure_next(clock, || {});
        assert_eq!(readings(), 0, "no allocation was timed yet");
        meter.measure(EVERY, clock, || {});
        meter.measure_next(clock, || {});
        assert_eq!(readings(), 4);
        meter.measure_next(clock, || {});
        meter.measure(EVERY + 1, clock, || {});
        meter.measure_next(clock, || {});
        assert_eq!(readings(), 4);
    }
}
