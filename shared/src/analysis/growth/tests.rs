//! The borders of what keeps rising.

use super::*;

const MS: u64 = 1_000;

/// Points so many milliseconds apart, of as many blocks as bytes.
fn series(every_ms: u64, bytes: impl IntoIterator<Item = u64>) -> Series {
    let mut series = Series::new(240);
    for (time, bytes) in (0..).zip(bytes) {
        series.push(Point {
            time_us: time * every_ms * MS,
            bytes,
            count: bytes,
        });
    }
    series
}

#[test]
fn ten_seconds_and_a_point_of_each_slice_show_that_a_count_keeps_rising_and_no_less() {
    assert!(series(2_000, 0..6).keeps_rising());
    assert!(!series(1_999, 0..6).keeps_rising());
    assert!(!series(3_000, 0..5).keeps_rising());
}

#[test]
fn a_count_rises_by_three_at_least_and_in_all_slices_but_one() {
    let gains = |counts: [u64; 6]| {
        let mut series = Series::new(240);
        for (bytes, count) in (0..).zip(counts) {
            let time_us = bytes * 2_000 * MS;
            series.push(Point {
                time_us,
                bytes,
                count,
            });
        }
        series.keeps_rising()
    };
    assert!(gains([0, 0, 1, 1, 2, 3]) && !gains([0, 0, 1, 1, 2, 2]));
    assert!(series(2_000, [0, 1, 2, 3, 4, 4]).keeps_rising());
    // Stairs, which rise three times only.
    let stairs = |levels: [u64; 6]| series(200, levels.into_iter().flat_map(|level| [level; 11]));
    assert!(!stairs([0, 100, 100, 200, 200, 300]).keeps_rising());
    assert!(stairs([0, 100, 200, 300, 300, 400]).keeps_rising());
}

/// Rises by so much in a minute, and stays there for 20 seconds.
fn rests(gain: u64) -> Series {
    let bytes = |second: u64| second.min(60) * gain / 60;
    series(1_000, (0..=80).map(bytes))
}

#[test]
fn a_gain_of_few_blocks_may_pause_in_a_shorter_window_and_a_larger_one_may_not() {
    assert!(rests(23).keeps_rising());
    assert!(!rests(24).keeps_rising() && !rests(300).keeps_rising());
}

#[test]
fn two_points_of_each_slice_are_looked_at_where_they_are_rare() {
    let falls = [9, 9, 9, 9].into_iter().chain(0..8);
    assert!(!series(10_000, falls).keeps_rising());
    assert!(series(10_000, 0..12).keeps_rising());
}
