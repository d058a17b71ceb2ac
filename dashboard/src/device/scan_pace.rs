//! What is known of who holds blocks, and when that is asked for.

use std::sync::Arc;

use web_sys::Blob;

use crate::model::holders::Scanned;

/// Milliseconds from the first scan to the second: it takes two before a block is called lost.
const SECOND_MS: f64 = 4_000.0;
/// Milliseconds from one scan to the next.
const PAUSE_MS: f64 = 30_000.0;
/// The same where nothing leaks and nobody asks.
const LONG_PAUSE_MS: f64 = 300_000.0;
/// Milliseconds from one picture to the next, where no scan takes any.
const PICTURE_MS: f64 = 60_000.0;
/// Most bytes a second that pictures take on average, and scans behind the second one.
const BYTES_PER_SECOND: f64 = 700.0;

/// Who holds the blocks of a device or of a capture, as far as that is known.
#[derive(Clone, Debug, Default)]
pub struct Scans {
    /// The last scan.
    pub last: Option<Arc<Scanned>>,
    /// Why there are none, in a sentence.
    pub problem: Option<String>,
}

/// A capture that was taken by the way.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its bytes.
    pub(super) file: Blob,
    /// When it was taken, in microseconds since boot.
    pub(super) time_us: u64,
    /// The same by the browser's clock, in milliseconds.
    pub(super) taken_ms: f64,
}

impl Picture {
    /// Returns whether it is time for a newer one.
    pub(super) fn is_old(&self, now_ms: f64) -> bool {
        is_old(now_ms - self.taken_ms, self.file.size())
    }
}

/// Returns whether a picture of so many bytes is replaced after so many milliseconds.
fn is_old(age_ms: f64, bytes: f64) -> bool {
    age_ms >= PICTURE_MS.max(bytes * 1_000.0 / BYTES_PER_SECOND)
}

/// When the next scan is due.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScanPace {
    /// Scans of this trace.
    pub(super) taken: u32,
    /// Whether one is under way.
    pub(super) is_running: bool,
    /// When the last one ended, in milliseconds of the browser's clock.
    pub(super) ended_ms: f64,
    /// Bytes of its answer.
    pub(super) bytes: f64,
}

impl ScanPace {
    /// Returns whether a scan is due; it is sooner where something leaks or somebody asks.
    pub(super) fn is_due(&self, now_ms: f64, is_needed: bool) -> bool {
        let pause_ms = match self.taken {
            0 => 0.0,
            1 => SECOND_MS,
            _ if is_needed => PAUSE_MS,
            _ => LONG_PAUSE_MS,
        };
        let pause_ms = match self.taken {
            0 | 1 => pause_ms,
            _ => pause_ms.max(self.bytes * 1_000.0 / BYTES_PER_SECOND),
        };
        !self.is_running && now_ms >= self.ended_ms + pause_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_due(taken: u32, bytes: f64, after_s: f64, is_needed: bool) -> bool {
        let pace = ScanPace {
            taken,
            bytes,
            ended_ms: 5_000.0,
            ..ScanPace::default()
        };
        pace.is_due(5_000.0 + after_s * 1_000.0, is_needed)
    }

    #[test]
    fn the_second_scan_follows_soon_and_later_ones_where_they_are_needed() {
        assert!(is_due(0, 0.0, 0.0, false));
        assert!(!is_due(1, 9e4, 3.0, true) && is_due(1, 9e4, 4.0, false));
        assert!(!is_due(2, 2.1e4, 29.0, true) && is_due(2, 2.1e4, 30.0, true));
        assert!(!is_due(2, 2.1e4, 299.0, false) && is_due(2, 2.1e4, 300.0, false));
    }

    #[test]
    fn a_picture_is_taken_every_minute_and_a_large_one_less_often() {
        assert!(!is_old(59e3, 3e4) && is_old(60e3, 3e4));
        assert!(!is_old(299e3, 2.1e5) && is_old(300e3, 2.1e5));
    }

    #[test]
    fn long_answers_are_asked_for_less_often_and_never_two_at_a_time() {
        assert!(!is_due(9, 2.1e5, 299.0, true) && is_due(9, 2.1e5, 300.0, true));
        let running = ScanPace {
            is_running: true,
            ..ScanPace::default()
        };
        assert!(!running.is_due(9e9, true));
    }
}
