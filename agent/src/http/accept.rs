//! Which forms of an answer a client takes.

use picoserve::request::Headers;

/// The weight of a media type that has none of its own, in thousandths.
const FULL: u16 = 1000;

/// Tells whether a client names `mime` among the media types that it takes, and does not prefer `other`
/// (RFC 9110, 12.5.1).
pub(super) fn prefers(headers: Headers<'_>, mime: &str, other: &str) -> bool {
    let accept = headers
        .get("accept")
        .and_then(|accept| accept.as_str().ok());
    let accept = accept.unwrap_or_default();
    let wanted = weight(accept, mime);
    wanted > 0 && wanted >= weight(accept, other)
}

/// Returns the weight of a media type in thousandths: 0 if it is not named.
fn weight(accept: &str, mime: &str) -> u16 {
    let mut ranges = accept
        .split(',')
        .map(|range| range.split(';').map(str::trim));
    let named = ranges.find_map(|mut range| {
        let name = range.next()?;
        name.eq_ignore_ascii_case(mime).then_some(range)
    });
    named.map_or(0, |mut parameters| {
        parameters.find_map(quality).unwrap_or(FULL)
    })
}

/// Reads a parameter as a weight, at most three digits behind the point; nothing if it is another parameter.
fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    let (_, digits) = value.split_once('.').unwrap_or((value, ""));
    let is_quality = name.eq_ignore_ascii_case("q") && value.starts_with('0');
    let digits = digits.bytes().filter(u8::is_ascii_digit).chain([b'0'; 3]);
    is_quality.then(|| {
        digits
            .take(3)
            .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::weight;

    #[test]
    fn weights_are_thousandths() {
        for (accept, expected) in [
            ("text/csv", 1000),
            ("text/html, text/csv;q=1", 1000),
            ("text/html;q=0.1,TEXT/CSV ; header=present; q=0.25", 250),
            ("text/csv;q=0.5;x=1", 500),
            ("text/csv;Q=0.000", 0),
            ("text/csv;q=0", 0),
            ("text/html, */*", 0),
            ("", 0),
        ] {
            assert_eq!(weight(accept, "text/csv"), expected, "{accept}");
        }
    }
}
