//! What the head of a request says.

use crate::http::limits::MAX_FIELDS;
use crate::http::problem::Problem;
use crate::http::request::fields::Fields;
use crate::http::request::target::{Target, is_authority};

/// Room for the fields of a head while it is looked at.
pub(crate) struct Room<'b>([httparse::Header<'b>; MAX_FIELDS]);

/// A request whose head is complete and sound.
#[derive(Clone, Copy)]
pub(crate) struct Request<'h, 'b> {
    pub(crate) method: &'b str,
    pub(crate) target: Target<'b>,
    pub(crate) version: Version,
    pub(crate) fields: Fields<'h, 'b>,
}

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Http10,
    Http11,
}

/// Checks whether the line of a request ends with a version of HTTP.
fn names_version(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\r').next();
    let word = line.and_then(|line| line.rsplit(|byte| *byte == b' ').next());
    word.is_some_and(|word| word.starts_with(b"HTTP/"))
}

impl Room<'_> {
    pub(crate) const fn new() -> Self {
        Self([httparse::EMPTY_HEADER; MAX_FIELDS])
    }
}

impl<'h, 'b> Request<'h, 'b> {
    /// Reads a complete head.
    ///
    /// # Errors
    /// When it is not as RFC 9112 wants it.
    pub(crate) fn parse(head: &'b [u8], room: &'h mut Room<'b>) -> Result<Self, Problem> {
        let mut parsed = httparse::Request::new(&mut room.0);
        match parsed.parse(head) {
            Ok(httparse::Status::Complete(length)) if length == head.len() => {}
            Err(httparse::Error::HeaderName | httparse::Error::HeaderValue) => {
                return Err(Problem::malformed(format_args!(
                    "A header has a character that it may not have, or a line continues in the next one."
                )));
            }
            Err(httparse::Error::Version) if names_version(head) => {
                return Err(Problem::unknown_version());
            }
            Err(httparse::Error::TooManyHeaders) => return Err(Problem::too_many_fields()),
            Ok(_) | Err(_) => return Err(Problem::no_request()),
        }
        let (Some(method), Some(target)) = (parsed.method, parsed.path) else {
            return Err(Problem::no_request());
        };
        Ok(Self {
            method,
            target: Target::parse(method, target)?,
            version: match parsed.version {
                Some(1) => Version::Http11,
                _ => Version::Http10,
            },
            fields: Fields::new(parsed.headers),
        })
    }

    /// Returns the host that is asked, with its port: that of a whole URL goes before that of `Host` (RFC 9112, 3.2.2).
    ///
    /// # Errors
    /// When it is none, or missing where HTTP/1.1 wants it.
    pub(crate) fn host(&self) -> Result<Option<&'b str>, Problem> {
        let field = self.fields.one("host")?;
        let host = self.target.host.or(field);
        let is_missing = field.is_none() && self.version == Version::Http11;
        if is_missing || !host.is_none_or(is_authority) {
            return Err(Problem::malformed(format_args!(
                "Send one `host` header: a name or an address, and perhaps a colon and a port."
            )));
        }
        Ok(host)
    }

    /// Returns the length of the body, which is also where the next request begins.
    ///
    /// # Errors
    /// When it can't be told (RFC 9112, 6.3).
    pub(crate) fn body_length(&self) -> Result<usize, Problem> {
        if self.fields.all("transfer-encoding").next().is_some() {
            return Err(Problem::length_required());
        }
        let mut lengths = self.fields.all("content-length");
        let length = match (lengths.next(), lengths.next()) {
            (None, _) => return Ok(0),
            (Some(length), None) => length,
            (Some(_), Some(_)) => return Err(Problem::wrong_length()),
        };
        // No sign: `parse` would take one.
        let is_number = length.bytes().all(|digit| digit.is_ascii_digit());
        match length.parse::<u64>() {
            Ok(length) if is_number => Ok(usize::try_from(length).unwrap_or(usize::MAX)),
            _ => Err(Problem::wrong_length()),
        }
    }

    /// Checks whether the client lets another request follow.
    ///
    /// One of HTTP/1.0 never does: it may have sent `keep-alive` on through a proxy that does not know the word.
    pub(crate) fn keeps_connection(&self) -> bool {
        let mut options = self.fields.items("connection");
        self.version == Version::Http11
            && !options.any(|option| option.eq_ignore_ascii_case("close"))
    }

    /// Checks whether the client waits for word before it sends the body (RFC 9110, 10.1.1).
    ///
    /// # Errors
    /// When it expects something else.
    pub(crate) fn expects_continue(&self) -> Result<bool, Problem> {
        let mut expectations = self.fields.items("expect");
        let is_known = |item: &str| item.eq_ignore_ascii_case("100-continue");
        if !expectations.clone().all(is_known) {
            return Err(Problem::unknown_expectation());
        }
        Ok(self.version == Version::Http11 && expectations.next().is_some())
    }

    /// Checks whether it reads, and changes nothing (RFC 9110, 9.2.1).
    pub(crate) fn is_read(&self) -> bool {
        matches!(self.method, "GET" | "HEAD")
    }

    /// Checks whether a browser asks what it may send (Fetch standard, "CORS-preflight request").
    pub(crate) fn is_preflight(&self) -> bool {
        self.method == "OPTIONS"
            && self.fields.has("origin")
            && self.fields.has("access-control-request-method")
    }
}
