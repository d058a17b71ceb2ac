//! Errors as `application/problem+json` (RFC 9457), with ESP-IDF's error names.

mod symbols;
#[cfg(feature = "update")]
mod update;

use core::fmt;

use heapbeacon_shared::api::{self, Methods, Sentence};
use picoserve::response::StatusCode;

use crate::http::limits::{MAX_FIELDS, READ_SECONDS};
use crate::read::symbols::Missing;
use crate::text::text;
use crate::tracer::Error;

/// Why a request was refused: what was wrong, and what to do.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: Kind,
    detail: Sentence,
    header: Option<(&'static str, &'static str)>,
}

/// Status, title and ESP-IDF's name of an error.
#[derive(Clone, Copy, Debug)]
struct Kind(StatusCode, &'static str, &'static str);

/// How one shows a token (RFC 6750).
const CHALLENGE: &str = "Bearer realm=\"heapbeacon\"";

const WRONG_TOKEN: Kind = Kind(
    StatusCode::UNAUTHORIZED,
    "Wrong token",
    "ESP_ERR_NOT_ALLOWED",
);

const UPGRADE: Kind = Kind(
    StatusCode::UPGRADE_REQUIRED,
    "Upgrade required",
    "ESP_ERR_NOT_SUPPORTED",
);

/// What was announced did not come in time.
const TIMEOUT: Kind = Kind(
    StatusCode::REQUEST_TIMEOUT,
    "Request timeout",
    "ESP_ERR_TIMEOUT",
);

impl Problem {
    /// The body is no JSON, or the request not as HTTP wants it.
    #[inline(never)]
    pub(crate) fn malformed(detail: fmt::Arguments<'_>) -> Self {
        let kind = Kind(
            StatusCode::BAD_REQUEST,
            "Malformed request",
            "ESP_ERR_INVALID_ARG",
        );
        Self::new(kind, detail)
    }

    /// What came is no HTTP, or was cut off before the end of its headers.
    pub(crate) fn no_request() -> Self {
        Self::malformed(format_args!(
            "This is no HTTP request: send `METHOD /path HTTP/1.1`, `Name: value` lines, and an empty \
             line."
        ))
    }

    /// The client speaks another version of HTTP.
    pub(crate) fn unknown_version() -> Self {
        let kind = Kind(
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "Version not supported",
            "ESP_ERR_NOT_SUPPORTED",
        );
        Self::new(kind, format_args!("Use HTTP/1.1."))
    }

    /// The target is no path and no URL of the agent's, or has a `%` without its two digits.
    pub(crate) fn wrong_target() -> Self {
        Self::malformed(format_args!(
            "Ask for a path, or a URL that begins with `http://`: `%` stands before two hexadecimal \
             digits, and what is no ASCII is written so."
        ))
    }

    /// There are more headers than the server looks at.
    pub(crate) fn too_many_fields() -> Self {
        let kind = Kind(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "Too many headers",
            "ESP_ERR_INVALID_SIZE",
        );
        Self::new(kind, format_args!("Send at most {MAX_FIELDS} headers."))
    }

    /// The client expects something that the agent does not do.
    pub(crate) fn unknown_expectation() -> Self {
        let kind = Kind(
            StatusCode::EXPECTATION_FAILED,
            "Expectation failed",
            "ESP_ERR_NOT_SUPPORTED",
        );
        let detail = format_args!("Expect nothing but `100-continue`.");
        Self::new(kind, detail)
    }

    /// The body ended before it was complete.
    pub(crate) fn cut_off(length: usize) -> Self {
        Self::malformed(format_args!(
            "The body ended before its {length} bytes: send all that `Content-Length` announces."
        ))
    }

    /// A request's line and headers don't fit into the server's buffer, which they fill.
    pub(crate) fn head_too_long(head: &[u8]) -> Self {
        let (status, title) = if head.contains(&b'\n') {
            (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Headers too long",
            )
        } else {
            (StatusCode::URI_TOO_LONG, "URL too long")
        };
        let detail = format_args!(
            "Send at most {} bytes of request line and headers.",
            head.len()
        );
        Self::new(Kind(status, title, "ESP_ERR_INVALID_SIZE"), detail)
    }

    /// The request did not arrive in time.
    pub(crate) fn too_slow() -> Self {
        let detail = format_args!("Send the whole request within {READ_SECONDS} seconds.");
        Self::new(TIMEOUT, detail)
    }

    /// An upload makes no progress.
    #[cfg(feature = "update")]
    pub(crate) fn upload_too_slow() -> Self {
        let detail = format_args!(
            "Send each 1,024 bytes within {READ_SECONDS} seconds: the upload may go on with what is missing."
        );
        Self::new(TIMEOUT, detail)
    }

    /// There is no place for new firmware.
    pub(crate) fn takes_no_firmware() -> Self {
        Self::not_found(format_args!(
            "This board takes no new firmware over the network: see `Device::update` in its firmware."
        ))
    }

    /// The device has no names of the addresses of its running image.
    pub(crate) fn no_symbols(missing: Missing) -> Self {
        const HOW: &str = "write the file that `cargo xtask symbols ELF` makes of its ELF";
        match missing {
            Missing::NoPart => Self::not_found(format_args!(
                "This device holds neither its own ELF nor its names: use the ELF that its firmware was built as."
            )),
            Missing::NoFile => Self::not_found(format_args!(
                "This device's flash has a place for the names of its firmware, and there are none in it: {HOW}."
            )),
            Missing::Cut => Self::not_found(format_args!(
                "The names in this device's flash were not written to their end: {HOW}."
            )),
            Missing::Other(build_id) => Self::not_found(format_args!(
                "The names in this device's flash are those of build {build_id}, which is not what runs: {HOW}."
            )),
            Missing::Unreadable => Self::not_found(format_args!(
                "The flash that holds the names of this device's firmware can't be read."
            )),
        }
    }

    /// The request carries no token.
    pub(crate) fn unauthorized() -> Self {
        let kind = Kind(
            StatusCode::UNAUTHORIZED,
            "Unauthorized",
            "ESP_ERR_NOT_ALLOWED",
        );
        let detail = format_args!("Send this agent's token: `Authorization: Bearer TOKEN`.");
        Self::new(kind, detail).with_header("WWW-Authenticate", CHALLENGE)
    }

    /// The request carries a token that opens nothing.
    pub(crate) fn wrong_token() -> Self {
        let detail = format_args!(
            "This is not the agent's token: send the one that it has printed on its console, or that was set since."
        );
        Self::new(WRONG_TOKEN, detail).with_header("WWW-Authenticate", CHALLENGE)
    }

    /// Checks whether it is that.
    pub(crate) fn is_wrong_token(&self) -> bool {
        self.kind.1 == WRONG_TOKEN.1
    }

    /// The request comes from where none may come from.
    pub(crate) fn forbidden(detail: fmt::Arguments<'_>) -> Self {
        let kind = Kind(StatusCode::FORBIDDEN, "Forbidden", "ESP_ERR_NOT_ALLOWED");
        Self::new(kind, detail)
    }

    /// There is nothing at this path.
    pub(crate) fn not_found(detail: fmt::Arguments<'_>) -> Self {
        let kind = Kind(StatusCode::NOT_FOUND, "Not found", "ESP_ERR_NOT_FOUND");
        Self::new(kind, detail)
    }

    /// The path answers other methods.
    pub(crate) fn wrong_method(methods: Methods) -> Self {
        let kind = Kind(
            StatusCode::METHOD_NOT_ALLOWED,
            "Method not allowed",
            "ESP_ERR_NOT_SUPPORTED",
        );
        Self::new(kind, format_args!("This path answers {methods}."))
            .with_header("Allow", methods.allow())
    }

    /// The body comes in chunks, without a length.
    pub(crate) fn length_required() -> Self {
        let kind = Kind(
            StatusCode::LENGTH_REQUIRED,
            "Length required",
            "ESP_ERR_INVALID_SIZE",
        );
        let detail = format_args!("Send the body with `Content-Length`, not in chunks.");
        Self::new(kind, detail)
    }

    /// The body has a length that is no number, or more than one.
    pub(crate) fn wrong_length() -> Self {
        let detail = format_args!("Send one `Content-Length`, a whole number of bytes.");
        Self::malformed(detail)
    }

    /// The body is longer than the so many bytes that are taken there.
    pub(crate) fn too_large(most: usize) -> Self {
        let kind = Kind(
            StatusCode::PAYLOAD_TOO_LARGE,
            "Body too large",
            "ESP_ERR_INVALID_SIZE",
        );
        Self::new(kind, format_args!("Send at most {most} bytes."))
    }

    /// The body is no JSON by its own account.
    pub(crate) fn wrong_content_type() -> Self {
        let kind = Kind(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Unsupported content type",
            "ESP_ERR_NOT_SUPPORTED",
        );
        let detail = format_args!("Send JSON, with the header `Content-Type: application/json`.");
        Self::new(kind, detail)
    }

    /// The body is no form by its own account.
    #[cfg(feature = "provisioning")]
    pub(crate) fn no_form() -> Self {
        let detail = format_args!(
            "Send a form, with the header `Content-Type: application/x-www-form-urlencoded`."
        );
        Self::new(Self::wrong_content_type().kind, detail)
    }

    /// An argument is out of range.
    #[inline(never)]
    pub(crate) fn invalid(detail: fmt::Arguments<'_>) -> Self {
        let kind = Kind(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Invalid argument",
            Error::InvalidArg.code(),
        );
        Self::new(kind, detail)
    }

    /// What is here is told on a WebSocket only.
    pub(crate) fn upgrade_required() -> Self {
        let detail = format_args!(
            "Open it as a WebSocket: `websocat ws://DEVICE/api/v1/events`, or in a page \
             `new WebSocket(url, \"heapbeacon.v1\")`."
        );
        Self::new(UPGRADE, detail).with_header("Upgrade", "websocket")
    }

    /// The client speaks another version of WebSocket.
    pub(crate) fn unknown_websocket() -> Self {
        let detail = format_args!("Use version 13 of WebSocket (RFC 6455).");
        Self::new(UPGRADE, detail).with_header("Sec-WebSocket-Version", "13")
    }

    /// Something that only one request at a time may use is in use.
    pub(crate) fn busy(detail: fmt::Arguments<'_>) -> Self {
        let kind = Kind(
            StatusCode::SERVICE_UNAVAILABLE,
            "Busy",
            "ESP_ERR_NOT_FINISHED",
        );
        Self::new(kind, detail).with_header("Retry-After", "1")
    }

    /// The device could not do what it was asked for.
    pub(crate) fn failed(detail: fmt::Arguments<'_>) -> Self {
        let kind = Kind(StatusCode::INTERNAL_SERVER_ERROR, "Failed", "ESP_FAIL");
        Self::new(kind, detail)
    }

    /// The device lacks what this needs.
    pub(crate) fn not_offered(detail: fmt::Arguments<'_>) -> Self {
        let kind = Kind(
            StatusCode::NOT_IMPLEMENTED,
            "Not offered",
            Error::NotSupported.code(),
        );
        Self::new(kind, detail)
    }

    /// The tracer refused the call; `detail` says what would have been right.
    pub(crate) fn of_tracer(error: Error, detail: fmt::Arguments<'_>) -> Self {
        let (status, title) = match error {
            Error::InvalidState => (StatusCode::CONFLICT, "Invalid state"),
            Error::InvalidArg => (StatusCode::UNPROCESSABLE_ENTITY, "Invalid argument"),
            Error::NoMem => (StatusCode::UNPROCESSABLE_ENTITY, "Buffer too small"),
            Error::NotSupported => (StatusCode::NOT_IMPLEMENTED, "Compiled out"),
        };
        let kind = Kind(status, title, error.code());
        match error {
            Error::InvalidState | Error::InvalidArg => Self::new(kind, detail),
            Error::NoMem => Self::new(
                kind,
                format_args!("The buffer can't hold a single record: give a larger one."),
            ),
            Error::NotSupported => Self::new(
                kind,
                format_args!(
                    "Tracing is not compiled in: build the firmware with the feature `tracing`."
                ),
            ),
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.kind.0
    }

    pub(crate) fn header(&self) -> Option<(&'static str, &'static str)> {
        self.header
    }

    pub(crate) fn title(&self) -> &'static str {
        self.kind.1
    }

    pub(crate) fn body(&self) -> api::Problem {
        let Kind(status, title, code) = self.kind;
        api::Problem {
            status: status.as_u16(),
            title: text(format_args!("{title}")),
            detail: self.detail.clone(),
            code: text(format_args!("{code}")),
        }
    }

    /// Never inlined: in each place that refuses, it would take a device 30 KB of flash.
    #[cold]
    #[inline(never)]
    fn new(kind: Kind, detail: fmt::Arguments<'_>) -> Self {
        let detail = text(detail);
        Self {
            kind,
            detail,
            header: None,
        }
    }

    fn with_header(mut self, name: &'static str, value: &'static str) -> Self {
        self.header = Some((name, value));
        self
    }
}
