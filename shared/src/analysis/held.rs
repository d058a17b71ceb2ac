//! When a heap has grown by what it still holds.

use alloc::vec::Vec;

use super::series::Point;

/// Microseconds without growth after which it has stopped, and how many times the way from one reading to the next that is at least.
const RESTS_US: u64 = 60_000_000;
const READINGS: u64 = 3;
/// Microseconds after which what is held is told from what comes and goes.
const SETTLES_US: u64 = 60_000_000;
/// Microseconds at the start that are no growth: every program allocates then.
const BEGINS_US: u64 = 30_000_000;
/// Fewest bytes of a growth, and which part of all that is held.
const FEWEST: u64 = 2_048;
const SHARE: u64 = 50;

/// A time in which a heap grew, by bytes that are held until now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// When it began, in microseconds since boot.
    pub from_us: u64,
    /// When the last byte was added.
    pub until_us: u64,
    /// Bytes that it added.
    pub bytes: u64,
    /// Whether it has stopped since.
    pub is_over: bool,
}

/// Returns when a heap has grown, oldest first, by readings of how much it holds, oldest first.
///
/// What is held from a moment on is the least that was read from then until now; where that rises, the heap grows. Of the last
/// minute nothing is said: what came then may go again.
///
/// ```
/// use heapbeacon_shared::analysis::{Point, growths};
///
/// let bytes = |second: u64| 20_000 + second.clamp(120, 240) * 100;
/// let reading = |second| Point { time_us: second * 1_000_000, bytes: bytes(second), count: 0 };
/// let readings: Vec<_> = (0..600).step_by(5).map(reading).collect();
/// let growths = growths(&readings);
/// assert_eq!(growths.len(), 1);
/// assert_eq!((growths[0].bytes, growths[0].until_us, growths[0].is_over), (12_000, 240_000_000, true));
/// ```
pub fn growths(readings: &[Point]) -> Vec<Growth> {
    let (Some(first), Some(last)) = (readings.first(), readings.last()) else {
        return Vec::new();
    };
    let held = held(readings);
    let is_settled = |reading: &Point| reading.time_us + SETTLES_US <= last.time_us;
    let settled = readings.partition_point(is_settled);
    let mut growths: Vec<Growth> = Vec::new();
    let mut before = *first;
    for (reading, bytes) in readings[..settled].iter().zip(&held) {
        let more = bytes.saturating_sub(before.bytes);
        let step_us = reading.time_us - before.time_us;
        let rests_us = RESTS_US.max(step_us.saturating_mul(READINGS));
        if more > 0 && reading.time_us > BEGINS_US {
            match growths.last_mut() {
                Some(growth) if reading.time_us - growth.until_us <= rests_us => {
                    growth.until_us = reading.time_us;
                    growth.bytes += more;
                }
                _ => growths.push(Growth {
                    from_us: before.time_us,
                    until_us: reading.time_us,
                    bytes: more,
                    is_over: false,
                }),
            }
        }
        // Where it is more than what is held from then on, the next reading adds nothing to that.
        before = *reading;
    }
    let fewest = FEWEST.max(before.bytes / SHARE);
    growths.retain(|growth| growth.bytes >= fewest);
    for growth in &mut growths {
        growth.is_over = last.time_us - growth.until_us > RESTS_US + SETTLES_US;
    }
    growths
}

/// Returns what is held from each reading on.
fn held(readings: &[Point]) -> Vec<u64> {
    let mut least = u64::MAX;
    let mut held: Vec<_> = readings
        .iter()
        .rev()
        .map(|reading| {
            least = least.min(reading.bytes);
            least
        })
        .collect();
    held.reverse();
    held
}
