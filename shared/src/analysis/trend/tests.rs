//! Lines through low-water marks, and when noise explains them.

use super::*;

/// Points a microsecond apart.
fn points(bytes: &[u64]) -> Vec<Point> {
    let point = |(time_us, bytes): (u64, &u64)| Point {
        time_us,
        bytes: *bytes,
        ..Point::default()
    };
    (1_000..).zip(bytes).map(point).collect()
}

#[test]
fn the_noise_is_how_far_marks_are_from_the_line() {
    let trend = Trend::fit(&points(&[70, 73, 75, 73, 70]));
    assert_eq!(
        (trend.bytes_per_us, trend.noise, trend.marks),
        (0.0, 2.0, 5)
    );
    let trend = Trend::fit(&points(&[10, 20, 30, 40]));
    assert_eq!(
        (trend.bytes_per_us, trend.noise, trend.marks),
        (10.0, 0.0, 4)
    );
}

#[test]
fn a_rise_exceeds_noise_beyond_the_factor_and_fewer_marks_ask_for_more() {
    let trend = |marks| Trend {
        bytes_per_us: 1.0,
        noise: 3.0,
        marks,
    };
    for (marks, border) in [(64, 6.0), (16, 12.0), (4, 24.0)] {
        let trend = trend(marks);
        assert!(!trend.exceeds_noise(border, 2.0) && trend.exceeds_noise(border + 0.01, 2.0));
        assert!(
            !trend.exceeds_noise(-border - 1.0, 2.0),
            "a fall is no rise"
        );
    }
}

#[test]
fn a_line_goes_on_where_a_shorter_window_rises_at_least_half_as_fast() {
    let trend = Trend {
        bytes_per_us: 20.0,
        noise: 0.0,
        marks: 64,
    };
    let rising = |step: u64| points(&[0, 1, 2, 3].map(|at| 500 + step * at));
    assert!(trend.goes_on_in(&rising(10), 1.5));
    assert!(!trend.goes_on_in(&rising(9), 1.5));
    assert!(!trend.goes_on_in(&points(&[900, 890, 880]), 1.5));
    // Noise hides it: the line would gain 70 bytes, at least half of which are lacking.
    let noisy = points(&[500, 560, 440, 500, 560, 440, 500, 500]);
    assert!(trend.goes_on_in(&noisy, 1.5));
}

#[test]
fn there_is_one_low_of_each_slice() {
    let times = points(&[9; 61]);
    assert_eq!(lows(&times, 6).len(), 6);
    let lowest = lows(&points(&[5, 3, 4, 8, 7, 9]), 2);
    assert_eq!(
        lowest.iter().map(|low| low.bytes).collect::<Vec<_>>(),
        [3, 7]
    );
}
