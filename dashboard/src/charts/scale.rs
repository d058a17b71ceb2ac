//! Where the grid lines of an axis stand.

const KIB: u64 = 1024;
const SECOND_US: u64 = 1_000_000;

/// Steps of a byte axis below the next unit: powers of two, as sizes of heaps are.
const BYTE_STEPS: [u64; 10] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/// Steps of a time axis, in seconds.
const TIME_STEPS: [u64; 16] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400,
];

/// Returns the values of a byte axis from 0 to at most `max`, in at most `lines` steps.
pub(super) fn byte_ticks(max: u64, lines: u64) -> Vec<u64> {
    let step = byte_step(max, lines);
    (0..=max / step).map(|index| index * step).collect()
}

fn byte_step(max: u64, lines: u64) -> u64 {
    let units = [1, KIB, KIB * KIB, KIB * KIB * KIB];
    let mut steps = units
        .iter()
        .flat_map(|unit| BYTE_STEPS.iter().map(move |step| step * unit));
    steps.find(|step| max / step <= lines).unwrap_or(max).max(1)
}

/// Returns the end of a byte axis on which `max` leaves some room and `limit` is the natural end:
/// the limit itself unless that would press the picture flat.
pub fn axis_max(max: u64, limit: u64) -> u64 {
    if limit > 0 && max > limit / 4 {
        return limit.max(max);
    }
    let max = max.saturating_add(max / 8);
    let step = byte_step(max, 4);
    max.div_ceil(step).max(1).saturating_mul(step)
}

/// Returns the grid of a time axis of `span_us` as times before its end, in at most `lines` steps.
pub(super) fn time_ticks(span_us: u64, lines: u64) -> Vec<u64> {
    let step = TIME_STEPS
        .iter()
        .map(|seconds| seconds * SECOND_US)
        .find(|step| span_us / step <= lines)
        .unwrap_or(span_us.max(1));
    (0..=span_us / step).map(|index| index * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_axis_has_round_steps_and_few_lines() {
        assert_eq!(byte_ticks(100 * KIB, 4), [0, 32, 64, 96].map(|n| n * KIB));
        assert_eq!(
            byte_ticks(64 * KIB, 4),
            [0, 16, 32, 48, 64].map(|n| n * KIB)
        );
        assert_eq!(byte_ticks(700, 4), [0, 256, 512]);
        assert_eq!(byte_ticks(0, 4), [0]);
        assert!(byte_ticks(u64::MAX, 4).len() <= 5);
    }

    #[test]
    fn a_time_axis_has_steps_of_the_clock() {
        let seconds = |ticks: Vec<u64>| ticks.iter().map(|us| us / SECOND_US).collect::<Vec<_>>();
        assert_eq!(
            seconds(time_ticks(60 * SECOND_US, 6)),
            [0, 10, 20, 30, 40, 50, 60]
        );
        assert_eq!(seconds(time_ticks(840 * SECOND_US, 3)), [0, 300, 600]);
        assert_eq!(time_ticks(0, 6), [0]);
    }

    #[test]
    fn an_axis_ends_at_the_limit_unless_that_presses_the_picture_flat() {
        assert_eq!(axis_max(61 * KIB, 100 * KIB), 100 * KIB);
        assert_eq!(axis_max(120 * KIB, 100 * KIB), 120 * KIB);
        let small = axis_max(10 * KIB, 1 << 30);
        assert!((11 * KIB..16 * KIB).contains(&small), "{small}");
        assert!(axis_max(0, 0) > 0);
    }
}
