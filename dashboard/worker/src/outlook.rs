//! When a heap is full, for a list of many devices: by what each remembers, for nobody has watched them.

use heapbeacon_shared::analysis::{Point, Series, seconds_until_full};

/// Points of a history that are looked at, more than a device keeps.
const POINTS: usize = 600;

/// Returns in how many seconds the heap is full if its low-water line goes on rising as it does: `used` says what was handed out
/// at the `times`, in microseconds since boot, and `free` what is left now. `None` where the line does not rise.
pub fn seconds_to_full(times: &[f64], used: &[f64], free: f64) -> Option<f64> {
    let mut series = Series::new(POINTS);
    for (time_us, bytes) in times.iter().zip(used) {
        series.push(Point {
            time_us: *time_us as u64,
            bytes: *bytes as u64,
            count: 0,
        });
    }
    let (bytes_per_minute, _) = series.lasting_growth()?;
    seconds_until_full(free as u64, bytes_per_minute).map(|seconds| seconds as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks at a heap once a second for so long.
    fn grown(seconds: u32, used: impl Fn(u32) -> f64) -> Option<f64> {
        let times: Vec<_> = (0..seconds).map(|second| f64::from(second) * 1e6).collect();
        let used: Vec<_> = (0..seconds).map(used).collect();
        seconds_to_full(&times, &used, 85_000.0)
    }

    #[test]
    fn a_heap_is_full_when_what_is_left_is_handed_out_at_the_pace_so_far() {
        assert_eq!(grown(300, |second| 50.0 * f64::from(second)), Some(1_700.0));
    }

    #[test]
    fn a_heap_that_does_not_fill_up_is_never_full() {
        assert_eq!(grown(300, |_| 4_096.0), None);
        assert_eq!(grown(300, |second| f64::from(second % 7) * 900.0), None);
        assert_eq!(grown(0, |_| 0.0), None);
    }
}
