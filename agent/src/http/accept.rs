//! Which forms of an answer a client takes.

use picoserve::request::Headers;

/// The weight of a media type that has none of its own, in thousandths.
const FULL: u16 = 1000;

/// Tells whether a client names `mime`, an application's, among the media types that it takes, and does not prefer `other`,
/// the usual one (RFC 9110, 12.5.1).
pub(super) fn prefers(headers: Headers<'_>, mime: &str, other: &str) -> bool {
    let accept = headers
        .get("accept")
        .and_then(|accept| accept.as_str().ok());
    let accept = accept.unwrap_or_default();
    let wanted = weight(accept, mime).unwrap_or(0);
    let mut ranges = [other, "application/*", "*/*"].into_iter();
    let others = ranges.find_map(|range| weight(accept, range));
    wanted > 0 && wanted >= others.unwrap_or(0)
}

/// Returns the weight of a media range in thousandths, if it is named.
fn weight(accept: &str, mime: &str) -> Option<u16> {
    let mut ranges = accept
        .split(',')
        .map(|range| range.split(';').map(str::trim));
    let mut parameters = ranges.find_map(|mut range| {
        let name = range.next()?;
        name.eq_ignore_ascii_case(mime).then_some(range)
    })?;
    Some(parameters.find_map(quality).unwrap_or(FULL))
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
            ("text/csv", Some(1000)),
            ("text/html, text/csv;q=1", Some(1000)),
            (
                "text/html;q=0.1,TEXT/CSV ; header=present; q=0.25",
                Some(250),
            ),
            ("text/csv;q=0.5;x=1", Some(500)),
            ("text/csv;Q=0.000", Some(0)),
            ("text/csv;q=0", Some(0)),
            ("text/html, */*", None),
            ("", None),
        ] {
            assert_eq!(weight(accept, "text/csv"), expected, "{accept}");
        }
    }
}
