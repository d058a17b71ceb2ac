//! How fast a heap grows, where something comes and goes.

use heapbeacon_shared::analysis::{Point, SLICES, Series, growths};

const SECOND: u64 = 1_000_000;

/// A reading a second for so long, of so many bytes.
fn series(seconds: u64, bytes: impl Fn(u64) -> u64) -> Series {
    let mut series = Series::new(240);
    for second in 0..=seconds {
        series.push(Point {
            time_us: second * SECOND,
            bytes: bytes(second),
            count: 1,
        });
    }
    series
}

#[track_caller]
fn assert_near(actual: f64, expected: f64) {
    let error = (actual - expected).abs() / expected;
    assert!(error < 0.1, "{actual} instead of {expected}");
}

#[test]
fn a_fast_growth_is_that_of_the_last_minute() {
    // It was slower before.
    let grows = |second: u64| 10 * second.min(540) + 100 * second.saturating_sub(540);
    let (per_minute, span_us) = series(600, grows).lasting_growth().expect("it grows");
    assert_near(per_minute, 6_000.0);
    assert!((50 * SECOND..=70 * SECOND).contains(&span_us), "{span_us}");
}

#[test]
fn a_slow_growth_shows_in_a_longer_window() {
    // 48 bytes every 100 seconds.
    let grows = |second: u64| second / 100 * 48;
    let (per_minute, span_us) = series(3_600, grows).lasting_growth().expect("it grows");
    assert_near(per_minute, 28.8);
    assert!(span_us >= 600 * SECOND, "{span_us}");
}

#[test]
fn what_comes_and_goes_does_not_grow() {
    let swings = |second: u64| 10_000 + second * 7_919 % 997;
    assert_eq!(series(600, swings).lasting_growth(), None);
    assert_eq!(series(600, |_| 5_000).lasting_growth(), None);
    assert_eq!(series(600, |second| 10_000 - second).lasting_growth(), None);
}

#[test]
fn one_step_is_no_growth() {
    let step = |second: u64| if second < 580 { 1_000 } else { 9_000 };
    assert_eq!(series(600, step).lasting_growth(), None);
    assert_eq!(Series::new(16).lasting_growth(), None);
}

#[test]
fn few_readings_are_looked_at_for_longer() {
    let mut series = Series::new(240);
    for reading in 0..100 {
        series.push(Point {
            time_us: reading * 30 * SECOND,
            bytes: reading * 300,
            count: 1,
        });
    }
    let (per_minute, span_us) = series.lasting_growth().expect("it grows");
    assert_near(per_minute, 600.0);
    assert_eq!(span_us, (2 * SLICES as u64 - 1) * 30 * SECOND);
}

#[test]
fn each_growth_is_told_with_what_is_still_held_of_it() {
    let bytes = |second: u64| match second {
        0..600 => 50_000,
        600..1_200 => 50_000 + (second - 600) * 100,
        1_200..3_000 => 110_000,
        _ => 110_000 + (second - 3_000) * 50,
    };
    // Something comes and goes all the while, and much did for once.
    let peak = |second: u64| if second == 400 { 80_000 } else { 0 };
    let noise = |second: u64| second * 7_919 % 997 + peak(second);
    let readings = |until: u64| -> Vec<Point> {
        let moments = (0..until).step_by(10);
        let reading = |second| Point {
            time_us: second * SECOND,
            bytes: bytes(second) + noise(second),
            count: 1,
        };
        moments.map(reading).collect()
    };
    let told = growths(&readings(3_600));
    let [first, second] = told[..] else {
        panic!("{told:?}");
    };
    assert!(first.is_over && !second.is_over, "{told:?}");
    assert_near(first.bytes as f64, 60_000.0);
    // But for the last minute.
    assert_near(second.bytes as f64, 27_000.0);
    assert!(
        (1_190 * SECOND..1_260 * SECOND).contains(&first.until_us),
        "{told:?}"
    );
    assert_eq!(growths(&readings(600)), []);
    assert_eq!(growths(&[]), []);
}

#[test]
fn what_comes_and_goes_is_never_told_as_growth() {
    // Up to 10 KiB more for up to half a minute, again and again, above what stays as it is.
    let bytes = |second: u64| {
        226_000 + second * 7_919 % 10_007 * u64::from(!(second / 35).is_multiple_of(3))
    };
    for until in (60..900).step_by(2) {
        let reading = |second| Point {
            time_us: second * SECOND,
            bytes: bytes(second),
            count: 1,
        };
        let readings: Vec<_> = (0..until).step_by(2).map(reading).collect();
        assert_eq!(growths(&readings), [], "{until}");
    }
}

/// Readings each ten seconds of so many bytes.
fn readings(bytes: impl IntoIterator<Item = u64>) -> Vec<Point> {
    let reading = |(index, bytes): (u64, u64)| Point {
        time_us: index * 10 * SECOND,
        bytes,
        count: 1,
    };
    (0..).zip(bytes).map(reading).collect()
}

#[test]
fn a_growth_has_exactly_the_bytes_that_are_held_of_it_whatever_comes_and_goes() {
    let held = |reading: u64| 50_000 + reading.clamp(20, 60) * 1_000;
    // The last reading has nothing of what comes and goes, for that would be held until now.
    let noisy =
        (0..96).map(|reading| held(reading) + [0, 700, 0, 300, 9_000][reading as usize % 5]);
    let told = growths(&readings(noisy));
    let [growth] = told[..] else {
        panic!("{told:?}");
    };
    assert_eq!(growth.bytes, 40_000);
    assert_eq!(
        (growth.from_us, growth.until_us),
        (200 * SECOND, 590 * SECOND)
    );
}

#[test]
fn a_growth_is_told_from_a_fiftieth_of_what_is_held_on() {
    let steps = |more: u64| {
        (0..60).map(move |reading| {
            if reading < 30 {
                1_000_000 - more
            } else {
                1_000_000
            }
        })
    };
    assert_eq!(growths(&readings(steps(20_000))).len(), 1);
    assert_eq!(growths(&readings(steps(19_999))), []);
    // Of little, too few bytes are none.
    let few =
        |more: u64| (0..60).map(move |reading| if reading < 30 { 1_000 } else { 1_000 + more });
    assert_eq!(growths(&readings(few(2_048))).len(), 1);
    assert_eq!(growths(&readings(few(2_047))), []);
}

#[test]
fn what_is_allocated_within_half_a_minute_of_the_start_is_no_growth() {
    let steps = |at: u64| (0..60).map(move |reading| if reading < at { 1_000 } else { 90_000 });
    assert_eq!(growths(&readings(steps(3))), []);
    assert_eq!(growths(&readings(steps(4))).len(), 1);
}

#[test]
fn a_growth_is_over_after_more_than_a_minute_and_begins_anew_after_that() {
    let steps = |rests: u64| {
        let after = move |reading: u64| u64::from(reading >= 10) + u64::from(reading >= 10 + rests);
        move |until: u64| readings((0..until).map(|reading| 1_000 + 30_000 * after(reading)))
    };
    // Its last byte was added by the tenth reading, and of the last minute nothing is said.
    assert_eq!(growths(&steps(99)(16)), []);
    assert!(!growths(&steps(99)(23))[0].is_over);
    assert!(growths(&steps(99)(24))[0].is_over);
    assert_eq!(growths(&steps(6)(30)).len(), 1);
    assert_eq!(growths(&steps(7)(30)).len(), 2);
}
