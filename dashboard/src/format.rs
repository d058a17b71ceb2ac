//! Numbers as people read them, always with their unit.

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
        false => (value.round() as u64).to_string(),
    };
    (value, UNITS[unit])
}

/// Writes a number with one decimal, such as `39.0`.
///
/// By whole tenths: what the standard library writes any fraction with weighs as much as a page.
pub fn decimal(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
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

/// Writes round bytes without decimals, such as `64 KiB`.
pub fn whole_bytes(bytes: u64) -> String {
    let (value, unit) = bytes_parts(bytes as f64);
    let value = value.strip_suffix(".0").unwrap_or(&value);
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

/// Writes a growth, such as `+1.2 KiB/min`; less than a byte a minute is `0`.
pub fn growth(bytes_per_minute: f64) -> String {
    match signed_bytes(bytes_per_minute).as_str() {
        "0" => "0".to_owned(),
        text => format!("{text}/min"),
    }
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

/// Writes a small number of things as words at the start of a sentence, such as `One call site`.
pub fn plural_in_words(number: u64, thing: &str) -> String {
    const WORDS: [&str; 10] = [
        "No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine",
    ];
    let s = if number == 1 { "" } else { "s" };
    let word = usize::try_from(number)
        .ok()
        .and_then(|index| WORDS.get(index));
    word.map_or_else(
        || plural(number, thing),
        |word| format!("{word} {thing}{s}"),
    )
}

/// Writes events per second, such as `184` or `0.4`.
pub fn rate(per_second: f64) -> String {
    match per_second > 0.0 && per_second < 9.95 {
        true => decimal(per_second),
        false => count(per_second.round() as u64),
    }
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

/// Writes how long a block lived, such as `16 µs` or `3 min`.
pub fn lifetime(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        _ => duration(us),
    }
}

fn two_units(small: u64, per_large: u64, large_unit: &str, small_unit: &str) -> String {
    let large = format!("{} {large_unit}", small / per_large);
    match small % per_large {
        0 => large,
        rest => format!("{large} {rest} {small_unit}"),
    }
}

/// Writes the place of a moment on a time axis, such as `−2:10` before its `end`, or that.
pub fn before(us: u64, end: &str) -> String {
    let seconds = us / 1_000_000;
    match seconds {
        0 => end.to_owned(),
        1..60 => format!("−{seconds} s"),
        60..3_600 => format!("−{}:{:02}", seconds / 60, seconds % 60),
        _ => format!("−{}:{:02} h", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// Shortens a build id to its ends, such as `9f3a…c41e`.
pub fn short_id(id: &str) -> String {
    match (id.get(..4), id.len().checked_sub(4)) {
        (Some(start), Some(end)) if id.len() > 12 => format!("{start}…{}", &id[end..]),
        _ => id.to_owned(),
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
    fn round_bytes_have_no_decimals() {
        assert_eq!(whole_bytes(64 << 10), "64 KiB");
        assert_eq!(whole_bytes(1_536), "1.5 KiB");
        assert_eq!(whole_bytes(0), "0 B");
    }

    #[test]
    fn a_growth_has_a_sign_unless_it_is_nothing() {
        assert_eq!(growth(1_228.8), "+1.2 KiB/min");
        assert_eq!(growth(-400.0), "−400 B/min");
        assert_eq!(growth(0.2), "0");
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(count(7), "7");
        assert_eq!(count(1_024), "1,024");
        assert_eq!(count(12_345_678), "12,345,678");
    }

    #[test]
    fn one_thing_is_singular() {
        assert_eq!(plural(1, "block"), "1 block");
        assert_eq!(plural(312, "block"), "312 blocks");
        assert_eq!(plural_in_words(1, "call site"), "One call site");
        assert_eq!(plural_in_words(41, "call site"), "41 call sites");
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
    fn slow_rates_keep_a_decimal() {
        assert_eq!(rate(0.0), "0");
        assert_eq!(rate(0.42), "0.4");
        assert_eq!(rate(183.6), "184");
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

    #[test]
    fn moments_are_told_from_the_end_backwards() {
        assert_eq!(before(0, "now"), "now");
        assert_eq!(before(30_000_000, "now"), "−30 s");
        assert_eq!(before(130_000_000, "now"), "−2:10");
        assert_eq!(before(5_400_000_000, "now"), "−1:30 h");
    }

    #[test]
    fn a_long_id_keeps_its_ends_and_a_short_one_stays() {
        assert_eq!(short_id("9f3a0011223344c41e"), "9f3a…c41e");
        assert_eq!(short_id("9f3a"), "9f3a");
        assert_eq!(short_id(""), "");
    }
}
