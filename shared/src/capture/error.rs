use core::fmt;

use crate::wire::DecodeError;

/// Why bytes can't be read as a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureError {
    /// There are none.
    Empty,
    /// They are something else, or of a newer version.
    Refused(DecodeError),
    /// They begin like a capture, and nothing of the trace can be read.
    NothingReadable,
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => {
                f.write_str("this file is empty, so its download failed. Fetch the capture again")
            }
            Self::Refused(error) => error.fmt(f),
            Self::NothingReadable => f.write_str(
                "this file begins like a capture, but nothing of the trace in it can be read. \
                 Fetch it again if the device still has it",
            ),
        }
    }
}

impl core::error::Error for CaptureError {}
