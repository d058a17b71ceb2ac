//! The body of a request: bounded, JSON, every field known.

use heapless::Vec;
use picoserve::io::Read;
use picoserve::request::Request;
use serde::Deserialize;
use serde_json_core::de::Error;

use super::problem::Problem;

/// Longest body that the API takes, in bytes.
const MAX_BODY: usize = 256;

/// The bytes of a body.
pub(super) type Body = Vec<u8, MAX_BODY>;

/// Reads the body of a request.
///
/// # Errors
/// When it is too long, is cut off, or is no JSON by its own account.
pub(super) async fn read<R: Read>(request: &mut Request<'_, R>) -> Result<Body, Problem> {
    let headers = request.parts.headers();
    let length = match headers.get("content-length").map(|value| value.as_str()) {
        None => 0,
        Some(Ok(text)) => super::query::number(text).ok_or_else(bad_length)?,
        Some(Err(_)) => return Err(bad_length()),
    };
    if length > MAX_BODY as u64 {
        return Err(Problem::too_large(MAX_BODY));
    }
    if length > 0 && !headers.get("content-type").is_some_and(is_json) {
        return Err(Problem::wrong_content_type());
    }
    read_exactly(request, length as usize).await
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
        Err(_) => Err(Problem::malformed(format_args!(
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
    match serde_json_core::from_slice(body) {
        Ok((value, _)) => Ok(value),
        Err(Error::CustomError | Error::InvalidType | Error::InvalidNumber) => {
            Err(Problem::invalid(expected))
        }
        Err(_) => Err(Problem::malformed(format_args!(
            "The body is no JSON. {expected}"
        ))),
    }
}

fn is_json(value: picoserve::request::HeaderValue<'_>) -> bool {
    value
        .split(b';')
        .next()
        .is_some_and(|mime| mime == "application/json")
}

fn bad_length() -> Problem {
    Problem::malformed(format_args!("`Content-Length` is no number."))
}
