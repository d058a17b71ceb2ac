//! Numbers as people read them, always with their unit.

pub use heapbeacon_shared::words::{
    bytes, bytes_parts, count, decimal, duration, percent, plural, signed_bytes,
};

/// Writes round bytes without decimals, such as `64 KiB`.
pub fn whole_bytes(bytes: u64) -> String {
    let (value, unit) = bytes_parts(bytes as f64);
    let value = value.strip_suffix(".0").unwrap_or(&value);
    format!("{value} {unit}")
}

/// Writes a growth, such as `+1.2 KiB/min`; less than a byte a minute is `0`.
pub fn growth(bytes_per_minute: f64) -> String {
    match signed_bytes(bytes_per_minute).as_str() {
        "0" => "0".to_owned(),
        text => format!("{text}/min"),
    }
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

/// Writes how long a block lived, such as `16 µs` or `3 min`.
pub fn lifetime(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        _ => duration(us),
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
    fn one_thing_is_singular() {
        assert_eq!(plural(1, "block"), "1 block");
        assert_eq!(plural(312, "block"), "312 blocks");
        assert_eq!(plural_in_words(1, "call site"), "One call site");
        assert_eq!(plural_in_words(41, "call site"), "41 call sites");
    }

    #[test]
    fn slow_rates_keep_a_decimal() {
        assert_eq!(rate(0.0), "0");
        assert_eq!(rate(0.42), "0.4");
        assert_eq!(rate(183.6), "184");
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
