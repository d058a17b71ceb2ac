//! The body of a request: JSON, every field known.

use heapbeacon_shared::api::JSON_MIME;
use serde::Deserialize;

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
pub(crate) fn parse<'b, T: Deserialize<'b>>(
    body: &'b [u8],
    expected: core::fmt::Arguments<'_>,
) -> Result<T, Problem> {
    if body.is_empty() {
        return Err(Problem::invalid(expected));
    }
    match serde_json_core::from_slice_escaped(body, &mut [0; MAX_WORD]) {
        Ok((value, _)) => Ok(value),
        // The parser follows the shape of `T` and stops where it meets another: its error does
        // not say whether the body is JSON.
        Err(_) if is_json(body) => Err(Problem::invalid(expected)),
        Err(_) => Err(Problem::malformed(format_args!(
            "The body is no JSON. {expected}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::api::StartRequest;
    use heapbeacon_shared::trace::Mode;

    use super::parse;

    #[test]
    fn words_with_escapes_are_read() {
        let body = br#"{"m\u006fde":"lea\u006bs"}"#;
        let request: StartRequest = parse(body, format_args!("")).expect("it is JSON");
        assert_eq!(request.mode, Mode::Leaks);
    }
}
