//! The body of a request: bounded, JSON, every field known.

use heapless::Vec;
use picoserve::io::{Read, ReadExactError};
use picoserve::request::{Headers, Request};
use serde::Deserialize;

use super::json::is_json;
use super::problem::Problem;
use super::query::number;

/// Longest body that the API takes, in bytes.
pub(super) const MAX_BODY: usize = 256;
/// Longest word of a body, in bytes, once its escapes are undone.
const MAX_WORD: usize = 32;

/// The bytes of a body.
pub(super) type Body = Vec<u8, MAX_BODY>;

/// Returns the length of a body, which is also where the next request begins.
///
/// # Errors
/// When it can't be told (RFC 9112, section 6.3), or is longer than any that the API takes.
pub(super) fn length(headers: Headers<'_>) -> Result<usize, Problem> {
    // picoserve would take the chunks of a body for requests.
    if headers.get("transfer-encoding").is_some() {
        return Err(Problem::length_required());
    }
    let mut lengths = headers.iter().filter(|(name, _)| name == "content-length");
    let length = match (lengths.next(), lengths.next()) {
        (None, _) => Some(0),
        (Some((_, value)), None) => value.as_str().ok().and_then(number),
        (Some(_), Some(_)) => None,
    };
    match length.ok_or_else(Problem::wrong_length)? {
        length if length > MAX_BODY as u64 => Err(Problem::too_large(MAX_BODY)),
        length => Ok(length as usize),
    }
}

/// Reads the body of a request, which is `length` bytes long.
///
/// # Errors
/// When it is too slow or cut off, or is no JSON by its own account.
pub(super) async fn read<R: Read>(
    request: &mut Request<'_, R>,
    length: usize,
) -> Result<Body, Problem> {
    let content_type = request.parts.headers().get("content-type");
    if length > 0 && !content_type.is_some_and(is_json_type) {
        return Err(Problem::wrong_content_type());
    }
    read_exactly(request, length).await
}

async fn read_exactly<R: Read>(
    request: &mut Request<'_, R>,
    length: usize,
) -> Result<Body, Problem> {
    let mut body = Body::new();
    let _ = body.resize(length, 0);
    let mut reader = request.body_connection.body().reader();
    match reader.read_exact(&mut body).await {
        Ok(()) => Ok(body),
        Err(ReadExactError::Other(_)) => Err(Problem::too_slow()),
        Err(ReadExactError::UnexpectedEof) => Err(Problem::malformed(format_args!(
            "The body ended before its {length} bytes: send all that `Content-Length` announces."
        ))),
    }
}

/// Reads JSON as a `T`.
///
/// # Errors
/// When it is no JSON, or no `T`; the detail then ends with `expected`.
pub(super) fn parse<'b, T: Deserialize<'b>>(
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

fn is_json_type(value: picoserve::request::HeaderValue<'_>) -> bool {
    value
        .split(b';')
        .next()
        .is_some_and(|mime| mime == "application/json")
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::api::{Mode, StartRequest};

    use super::parse;

    #[test]
    fn words_with_escapes_are_read() {
        let body = br#"{"m\u006fde":"lea\u006bs"}"#;
        let request: StartRequest = parse(body, format_args!("")).expect("it is JSON");
        assert_eq!(request.mode, Mode::Leaks);
    }
}
