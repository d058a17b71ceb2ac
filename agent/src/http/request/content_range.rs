//! Which bytes of an upload a request brings (RFC 9110, 14.4).

use crate::field::update::Part;
use crate::http::problem::Problem;
use crate::http::request::parse::Request;
use crate::http::request::query::Query;

/// An upload, as its head announces it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming {
    pub(crate) part: Part,
    /// Whether it may be older than what runs.
    pub(crate) may_be_older: bool,
    /// Whether the client waits for word before it sends the body.
    pub(crate) expects_continue: bool,
}

impl Incoming {
    /// Reads what a head says of an upload of so many bytes.
    ///
    /// # Errors
    /// When it allows what there is not, or its range is none, or not as long as the body.
    pub(crate) fn of(
        request: &Request<'_, '_>,
        query: Query<'_>,
        length: usize,
    ) -> Result<Self, Problem> {
        let may_be_older = match query.get("allow") {
            None => false,
            Some(allowed) if allowed.is("downgrade") => true,
            Some(_) => return Err(Problem::invalid(format_args!("`allow` is `downgrade`."))),
        };
        // More than a device has flash.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        let part = match request.fields.one("content-range")? {
            None => Part {
                first: 0,
                end: length,
                total: length,
            },
            Some(range) => parse(range)
                .filter(|part| part.end - part.first == length)
                .ok_or_else(wrong_range)?,
        };
        Ok(Self {
            part,
            may_be_older,
            expects_continue: request.expects_continue()?,
        })
    }
}

fn wrong_range() -> Problem {
    Problem::malformed(format_args!(
        "Send `Content-Range: bytes FIRST-LAST/TOTAL`, of as many bytes as the body has, or `bytes */TOTAL` without a body if all have come."
    ))
}

/// Reads the value of the field; what has no range has all bytes behind it.
fn parse(value: &str) -> Option<Part> {
    let (range, total) = value.strip_prefix("bytes ")?.split_once('/')?;
    let total = number(total)?;
    if range == "*" {
        return Some(Part {
            first: total,
            end: total,
            total,
        });
    }
    let (first, last) = range.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    // Only then is there a number behind the last one.
    (first <= last && last < total).then(|| Part {
        first,
        end: last + 1,
        total,
    })
}

/// Reads a number, without the sign that `parse` would take.
fn number(text: &str) -> Option<u32> {
    let is_number = text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_if_it_is_one() {
        let part = |first, end, total| Some(Part { first, end, total });
        for (value, expected) in [
            ("bytes 0-9/10", part(0, 10, 10)),
            ("bytes 3-3/10", part(3, 4, 10)),
            ("bytes */10", part(10, 10, 10)),
            (
                "bytes 4294967293-4294967294/4294967295",
                part(u32::MAX - 2, u32::MAX, u32::MAX),
            ),
            ("bytes 0-10/10", None),
            ("bytes 0-4294967295/5", None),
            ("bytes 4294967295-4294967295/4294967295", None),
            ("bytes 5-4/10", None),
            ("bytes 0-9/*", None),
            ("bytes +0-9/10", None),
            ("bytes 0-9/4294967296", None),
            ("bytes -9/10", None),
            ("bytes 0-9", None),
            ("bytes=0-9/10", None),
            ("bits 0-9/10", None),
            ("", None),
        ] {
            assert_eq!(parse(value), expected, "{value}");
        }
    }
}
