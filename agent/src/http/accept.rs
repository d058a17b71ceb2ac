//! Which forms of an answer a client takes.

use picoserve::request::{HeaderValue, Headers};

/// Tells whether a client names a media type among those that it takes (RFC 9110, 12.5.1).
pub(super) fn accepts(headers: Headers<'_>, mime: &str) -> bool {
    headers.get("accept").is_some_and(|accept| {
        accept.split(b',').any(|range| {
            let mut parts = range.split(b';');
            parts.next().is_some_and(|name| name == mime) && !parts.any(|part| is_zero(&part))
        })
    })
}

/// Tells whether a parameter is a weight of 0: "not this".
fn is_zero(parameter: &HeaderValue<'_>) -> bool {
    let weight = parameter.as_str().ok().and_then(|text| {
        let (name, weight) = text.split_once('=')?;
        name.eq_ignore_ascii_case("q").then_some(weight)
    });
    weight.is_some_and(|weight| {
        weight.starts_with('0') && weight.bytes().all(|byte| matches!(byte, b'0' | b'.'))
    })
}
