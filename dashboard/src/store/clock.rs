//! The clocks: of the device, which may step back, and of the browser.

/// The latest time that is known of a device, in microseconds since boot.
///
/// A clock that was set may step back, and no block is from later than now: so whatever is worked out goes by the latest
/// time that was ever told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    latest_us: u64,
    /// When the device started, by the browser's clock in milliseconds, once it has told a time.
    booted_ms: Option<f64>,
}

const US_PER_MS: f64 = 1_000.0;

impl Clock {
    /// Creates the clock of a boot that has told how long it lasts, at a moment of the browser's clock in milliseconds.
    pub fn of_boot(uptime_us: u64, at_ms: f64) -> Self {
        let mut clock = Self::default();
        clock.answered(uptime_us, at_ms);
        clock
    }

    /// Takes a time that was told, and returns the latest one.
    pub fn later(&mut self, time_us: u64) -> u64 {
        self.latest_us = self.latest_us.max(time_us);
        self.latest_us
    }

    /// Takes the time of an answer that comes at a moment of the browser's clock, in milliseconds.
    pub fn answered(&mut self, time_us: u64, at_ms: f64) {
        let booted_ms = at_ms - time_us as f64 / US_PER_MS;
        self.booted_ms.get_or_insert(booted_ms);
    }

    /// Returns a moment by the browser's clock, in milliseconds. Once that is told, it stays.
    pub fn at_ms(&self, time_us: u64) -> f64 {
        self.booted_ms.unwrap_or_default() + time_us as f64 / US_PER_MS
    }

    /// Returns how long nothing was heard between a time that was told and the boot that began at a moment of the browser's clock, in
    /// microseconds; 0 where the boot before had told no time.
    pub fn down_us(&self, last_us: u64, booted_ms: f64) -> u64 {
        let heard_ms = self.booted_ms.map(|_| self.at_ms(last_us));
        let down_ms = heard_ms.map_or(0.0, |heard_ms| booted_ms - heard_ms);
        (down_ms * US_PER_MS) as u64
    }

    /// Returns whether a time is from before one that was told already.
    pub fn is_behind(&self, time_us: u64) -> bool {
        time_us < self.latest_us
    }
}

/// Returns the browser's clock in milliseconds.
pub fn now_ms() -> f64 {
    js_sys::Date::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stands_still_until_a_clock_that_stepped_back_has_caught_up() {
        let mut clock = Clock::default();
        let told = [5, 9, 3, 8, 9, 12];
        assert!(clock.later(1) == 1 && !clock.is_behind(1) && clock.is_behind(0));
        assert_eq!(told.map(|us| clock.later(us)), [5, 9, 9, 9, 9, 12]);
    }

    #[test]
    fn a_moment_has_one_time_of_the_day_however_late_answers_come() {
        let mut clock = Clock::default();
        clock.answered(3_000_000, 10_000.0);
        clock.answered(4_000_000, 11_900.0);
        assert_eq!(clock.at_ms(3_500_000), 10_500.0);
    }

    #[test]
    fn a_boot_that_told_no_time_was_not_silent_since_1970() {
        assert_eq!(Clock::default().down_us(0, 1.8e12), 0);
        let clock = Clock::of_boot(3_000_000, 10_000.0);
        assert_eq!(clock.down_us(4_000_000, 11_500.0), 500_000);
        // The browser's clock may have been set.
        assert_eq!(clock.down_us(4_000_000, 1_500.0), 0);
    }
}
