//! The clocks: of the device, which may step back, and of the browser.

/// The latest time that is known of a device, in microseconds since boot.
///
/// A clock that was set may step back, and no block is from later than now: so whatever is worked out goes by the latest
/// time that was ever told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    latest_us: u64,
}

impl Clock {
    /// Takes a time that was told, and returns the latest one.
    pub fn later(&mut self, time_us: u64) -> u64 {
        self.latest_us = self.latest_us.max(time_us);
        self.latest_us
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
}
