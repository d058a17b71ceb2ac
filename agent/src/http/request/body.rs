//! The body of a request: JSON, every field known.

use heapbeacon_shared::api::JSON_MIME;
use heapless::Vec;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::http::limits::MAX_BODY;
use crate::http::problem::Problem;
use crate::http::request::fields::Fields;
use crate::http::request::json::is_json;

/// Longest word of a body, in bytes, once its escapes are undone.
const MAX_WORD: usize = 64;

/// Checks that a body is JSON by its own account.
pub(crate) fn check_type(fields: Fields<'_, '_>) -> Result<(), Problem> {
    let content_type = fields.one("content-type")?.unwrap_or("");
    let mime = content_type.split(';').next().unwrap_or("").trim();
    if mime.eq_ignore_ascii_case(JSON_MIME) {
        Ok(())
    } else {
        Err(Problem::wrong_content_type())
    }
}

/// Checks that a body says nothing, as nothing at all or as `{}`.
///
/// # Errors
/// When it says something, or is no JSON.
pub(crate) fn check_empty(body: &[u8]) -> Result<(), Problem> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    if body.is_empty() {
        return Ok(());
    }
    parse(body, format_args!("This path takes no body.")).map(|Nothing {}| ())
}

/// Reads JSON as a `T`.
///
/// # Errors
/// When it is no JSON, or no `T`; the detail then ends with `expected`.
pub(crate) fn parse<T: DeserializeOwned>(
    body: &[u8],
    expected: core::fmt::Arguments<'_>,
) -> Result<T, Problem> {
    if body.is_empty() {
        return Err(Problem::invalid(expected));
    }
    let joined = with_pairs_joined(body);
    match serde_json_core::from_slice_escaped(&joined, &mut [0; MAX_WORD]) {
        Ok((value, _)) => Ok(value),
        // The parser follows the shape of `T` and stops where it meets another: its error does
        // not say whether the body is JSON.
        Err(_) if is_json(body) => Err(Problem::invalid(expected)),
        Err(_) => Err(Problem::malformed(format_args!(
            "The body is no JSON. {expected}"
        ))),
    }
}

/// Replaces each escaped surrogate pair (RFC 8259, 7), which the parser does not know, by the character that it stands for.
fn with_pairs_joined(body: &[u8]) -> Vec<u8, MAX_BODY> {
    let mut joined = Vec::new();
    let mut utf8 = [0; 4];
    let mut rest = body;
    while let Some((&byte, behind)) = rest.split_first() {
        let (bytes, length) = match (byte, pair(rest)) {
            (_, Some(character)) => (character.encode_utf8(&mut utf8).as_bytes(), 12),
            // What is escaped may look like another escape.
            (b'\\', None) if !behind.is_empty() => (&rest[..2], 2),
            _ => (&rest[..1], 1),
        };
        // There is room: no piece is replaced by a longer one, and bodies are as long at most.
        let _ = joined.extend_from_slice(bytes);
        rest = &rest[length..];
    }
    joined
}

/// Reads the surrogate pair that a text begins with: `\ud83d\udca1`.
fn pair(text: &[u8]) -> Option<char> {
    let unit = |escape: &[u8]| {
        let digits = core::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
        let is_number = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        u16::from_str_radix(digits, 16).ok().filter(|_| is_number)
    };
    let units = [unit(text.get(..6)?)?, unit(text.get(6..12)?)?];
    let mut characters = char::decode_utf16(units);
    let character = characters.next()?.ok()?;
    characters.next().is_none().then_some(character)
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::api::{MarkRequest, StartRequest};
    use heapbeacon_shared::trace::Mode;

    use super::parse;

    #[test]
    fn words_with_escapes_are_read() {
        let body = br#"{"m\u006fde":"lea\u006bs"}"#;
        let request: StartRequest = parse(body, format_args!("")).expect("it is JSON");
        assert_eq!(request.mode, Mode::Leaks);
    }

    #[test]
    fn characters_beyond_the_first_plane_may_be_escaped() {
        let named = |body: &str| {
            let request: Result<MarkRequest, _> = parse(body.as_bytes(), format_args!(""));
            request.map(|request| request.name).ok()
        };
        let name = |text| Some(heapbeacon_shared::trace::name(text));
        let escaped = r#"{"name":"\ud83d\udca1 on \uD83D\uDCA1"}"#;
        assert_eq!(named(escaped), name("\u{1f4a1} on \u{1f4a1}"));
        let escape = r#"{"name":"\\ud83d\\udca1"}"#;
        assert_eq!(named(escape), name(r"\ud83d\udca1"));
        for half in [r"\ud83d", r"\udca1\ud83d", r"\ud83dx", r"\ud83d\u0041"] {
            assert_eq!(
                named(&std::format!(r#"{{"name":"{half}"}}"#)),
                None,
                "{half}"
            );
        }
    }
}
