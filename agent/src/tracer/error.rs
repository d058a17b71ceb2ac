use core::fmt;

/// Why the tracer refused a call; names and codes are ESP-IDF's (`esp_err.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The buffer can't hold a single record.
    NoMem = 0x101,
    /// An argument is out of range.
    InvalidArg = 0x102,
    /// The call does not fit the state that the trace is in.
    InvalidState = 0x103,
    /// Tracing is not compiled in.
    NotSupported = 0x106,
}

impl Error {
    /// Returns ESP-IDF's name of the error.
    pub fn code(self) -> &'static str {
        match self {
            Error::NoMem => "ESP_ERR_NO_MEM",
            Error::InvalidArg => "ESP_ERR_INVALID_ARG",
            Error::InvalidState => "ESP_ERR_INVALID_STATE",
            Error::NotSupported => "ESP_ERR_NOT_SUPPORTED",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::NoMem => "the buffer can't hold a single record: give a larger one",
            Error::InvalidArg => "an argument is out of range",
            Error::InvalidState => "the call does not fit the state of the trace",
            Error::NotSupported => "tracing is not compiled in: enable the feature `tracing`",
        })
    }
}

impl core::error::Error for Error {}
