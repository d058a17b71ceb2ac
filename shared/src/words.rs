//! Numbers as people read them, always with their unit: the page and what commands print say them alike.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

const KIB: f64 = 1024.0;
const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];

/// Splits bytes into a number and its unit, such as `("39.0", "KiB")`.
pub fn bytes_parts(bytes: f64) -> (String, &'static str) {
    let mut value = bytes.abs();
    let mut unit = 0;
    // What would be rounded up to 1024 takes the next unit.
    while value >= KIB - 0.5 && unit + 1 < UNITS.len() {
        value /= KIB;
        unit += 1;
    }
    let value = match unit > 0 && value < 99.95 {
        true => decimal(value),
        false => (libm::round(value) as u64).to_string(),
    };
    (value, UNITS[unit])
}

/// Writes a number with one decimal, such as `39.0`.
///
/// By whole tenths: what the standard library writes any fraction with weighs as much as a page.
pub fn decimal(value: f64) -> String {
    let tenths = libm::round(value * 10.0) as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    let tenths = tenths.unsigned_abs();
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// Writes a share for a style sheet, such as `12.5%`; the whole is at least 1.
pub fn percent(part: u64, whole: u64) -> String {
    decimal(part as f64 * 100.0 / whole.max(1) as f64) + "%"
}

/// Writes bytes, such as `39.0 KiB`.
pub fn bytes(bytes: u64) -> String {
    let (value, unit) = bytes_parts(bytes as f64);
    format!("{value} {unit}")
}

/// Writes a difference in bytes with its sign, such as `+1.2 KiB`; 0 has none.
pub fn signed_bytes(difference: f64) -> String {
    let (value, unit) = bytes_parts(difference);
    if difference.abs() < 0.5 {
        return "0".to_owned();
    }
    let sign = if difference < 0.0 { '−' } else { '+' };
    format!("{sign}{value} {unit}")
}

/// Writes a number with its thousands apart, such as `1,024`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// Writes a number of things, such as `1 block` or `312 blocks`.
pub fn plural(number: u64, thing: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {thing}{s}", count(number))
}

/// Writes a duration in its two largest units at most, such as `180 ms`, `14 min`, `3 h 12 min`.
pub fn duration(us: u64) -> String {
    let seconds = us / 1_000_000;
    match seconds {
        0 if us < 1_000 => "<1 ms".to_owned(),
        0 => format!("{} ms", us / 1_000),
        1..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => two_units(seconds / 60, 60, "h", "min"),
        _ => two_units(seconds / 3_600, 24, "d", "h"),
    }
}

fn two_units(small: u64, per_large: u64, large_unit: &str, small_unit: &str) -> String {
    let large = format!("{} {large_unit}", small / per_large);
    match small % per_large {
        0 => large,
        rest => format!("{large} {rest} {small_unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_carry_a_unit_and_three_digits() {
        for (number, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.0 KiB"),
            (39_936, "39.0 KiB"),
            (102_349, "100 KiB"),
            (1_048_575, "1.0 MiB"),
            (5 << 30, "5.0 GiB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }

    #[test]
    fn a_share_of_nothing_is_nothing() {
        assert_eq!(percent(1, 8), "12.5%");
        assert_eq!(percent(0, 0), "0.0%");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(count(7), "7");
        assert_eq!(count(1_024), "1,024");
        assert_eq!(count(12_345_678), "12,345,678");
    }

    #[test]
    fn one_decimal_is_rounded_and_keeps_its_sign() {
        for (value, text) in [
            (39.0, "39.0"),
            (0.04, "0.0"),
            (0.05, "0.1"),
            (9.96, "10.0"),
            (-0.3, "-0.3"),
            (-12.34, "-12.3"),
        ] {
            assert_eq!(decimal(value), text);
        }
    }

    #[test]
    fn durations_use_the_unit_that_people_would() {
        for (us, text) in [
            (900, "<1 ms"),
            (180_000, "180 ms"),
            (2_900_000, "2 s"),
            (119_000_000, "119 s"),
            (14 * 60_000_000, "14 min"),
            (192 * 60_000_000, "3 h 12 min"),
            (51 * 3_600_000_000, "2 d 3 h"),
            (48 * 3_600_000_000, "2 d"),
        ] {
            assert_eq!(duration(us), text);
        }
    }
}
