//! Which forms of an answer a client takes.

use crate::http::request::fields::Fields;

/// The weight of a media type that has none of its own, in thousandths.
const FULL: u16 = 1000;

/// Checks whether a client names `mime`, an application's, among the media types that it takes, and does not prefer `other`,
/// the usual one (RFC 9110, 12.5.1).
pub(crate) fn prefers(fields: Fields<'_, '_>, mime: &str, other: &str) -> bool {
    let ranges = [mime, other, "application/*", "*/*"];
    let [wanted, others @ ..] = weights(fields.items("accept"), ranges);
    let wanted = wanted.unwrap_or(0);
    let others = others.into_iter().flatten().next();
    wanted > 0 && wanted >= others.unwrap_or(0)
}

/// Returns the weight of each media range in thousandths, if it is among those that are accepted.
fn weights<'b, const N: usize>(
    accepted: impl Iterator<Item = &'b str>,
    ranges: [&str; N],
) -> [Option<u16>; N] {
    let mut weights = [None; N];
    for accepted in accepted {
        let mut parts = accepted.split(';').map(str::trim);
        let name = parts.next().unwrap_or("");
        let found = ranges
            .iter()
            .position(|range| name.eq_ignore_ascii_case(range));
        if let Some(weight) = found.and_then(|index| weights.get_mut(index)) {
            weight.get_or_insert_with(|| parts.find_map(quality).unwrap_or(FULL));
        }
    }
    weights
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
    use super::weights;

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
            let told = weights(accept.split(','), ["text/csv", "*/*"]);
            assert_eq!(told[0], expected, "{accept}");
        }
    }
}
