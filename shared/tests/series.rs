//! Series of points: what they keep, how they grow, and that no number makes them panic.

use heapbeacon_shared::analysis::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

const SECOND: u64 = 1_000_000;
const BLOCK: u64 = 100;

fn point(second: u64, bytes: u64) -> Point {
    Point {
        time_us: second * SECOND,
        bytes,
        count: bytes / BLOCK,
    }
}

#[test]
fn full_series_still_starts_at_its_first_point() {
    let mut series = Series::new(64);
    for second in 0..10_000 {
        series.push(point(second, second));
        assert!(series.points().len() <= 64);
    }
    assert_eq!(series.points()[0], point(0, 0));
    assert_eq!(series.growth_since_start(), 9999);
    assert_eq!(series.span_us(), 9999 * SECOND);
}

#[test]
fn full_series_grows_coarse_only_with_age() {
    let mut series = Series::new(64);
    (0..10_000).for_each(|second| series.push(point(second, 0)));
    for pair in series.points().windows(2) {
        let age_us = 9999 * SECOND - pair[0].time_us;
        let gap_us = pair[1].time_us - pair[0].time_us;
        assert!(gap_us <= SECOND.max(age_us / 3), "{gap_us} at {age_us}");
    }
}

#[test]
fn point_that_is_not_newer_is_ignored() {
    let mut series = Series::new(64);
    series.push(point(5, 100));
    series.push(point(5, 200));
    series.push(point(4, 300));
    assert_eq!(series.points(), [point(5, 100)]);
}

#[test]
fn growth_is_not_bent_by_spikes() {
    let mut series = Series::new(256);
    for second in 0..120 {
        let spike = if second % 4 == 0 { 50_000 } else { 0 };
        series.push(point(second, 1000 + 10 * second + spike));
    }
    let slope = series.growth_per_minute(60 * SECOND);
    assert!((slope - 600.0).abs() < 60.0, "{slope}");
}

#[test]
fn growth_of_a_shrinking_series_is_negative() {
    let mut series = Series::new(64);
    series.push(point(0, 1000));
    series.push(point(60, 400));
    assert_eq!(series.growth_per_minute(120 * SECOND), -600.0);
    assert_eq!(series.growth_since_start(), -600);
}

#[test]
fn growth_without_two_points_is_zero() {
    let mut series = Series::new(64);
    assert_eq!(series.growth_per_minute(SECOND), 0.0);
    series.push(point(1, 100));
    assert_eq!(series.growth_per_minute(SECOND), 0.0);
    assert_eq!(series.growth_since_start(), 0);
}

#[test]
fn extreme_numbers_do_not_panic() {
    let mut series = Series::new(16);
    for step in 0..40 {
        let bytes = if step % 3 == 0 { u64::MAX } else { step };
        series.push(Point {
            time_us: u64::MAX / 39 * step,
            bytes,
            count: bytes,
        });
        let _ = series.lasting_growth();
        let _ = series.growth_per_minute(u64::MAX);
        let _ = series.growth_since_start();
    }
}

/// Returns what a series of so many points keeps, by its rule in whole numbers: of the inner points the one goes whose neighbours
/// are closest together for its age, and of equal ones the oldest.
fn kept(times_us: &[u64], capacity: usize) -> Vec<u64> {
    let mut kept: Vec<u64> = Vec::new();
    for now_us in times_us {
        if kept.len() == capacity {
            let is_closer = |a: usize, b: usize| {
                let gap = |at: usize| u128::from(kept[at + 1] - kept[at - 1]);
                let age = |at: usize| u128::from(now_us - kept[at]);
                gap(a) * age(b) < gap(b) * age(a)
            };
            let closest =
                (2..kept.len() - 1).fold(1, |best, at| if is_closer(at, best) { at } else { best });
            kept.remove(closest);
        }
        kept.push(*now_us);
    }
    kept
}

proptest! {
    #[test]
    fn a_full_series_gives_up_what_is_closest_together_for_its_age_whenever_it_began(
        steps in vec(1..50u64, 20..120),
        boot_us in select(&[0, 1, 5_000_000_000][..]),
    ) {
        let mut series = Series::new(16);
        let mut times_us = Vec::new();
        let mut time_us = boot_us;
        for step in steps {
            time_us += step;
            times_us.push(time_us);
            series.push(Point { time_us, ..Point::default() });
        }
        let points = series.points().iter().map(|point| point.time_us);
        prop_assert_eq!(points.collect::<Vec<_>>(), kept(&times_us, 16));
    }
}

#[test]
fn the_newest_point_is_put_in_the_place_of_the_last_one() {
    let mut series = Series::new(16);
    series.push(point(1, 100));
    series.push(point(2, 200));
    series.replace_last(point(3, 300));
    assert_eq!(series.points(), [point(1, 100), point(3, 300)]);
}
