//! What a reader finds wrong, in words for its user.

use core::fmt;

use super::VERSION;

/// What is wrong with a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes are something else; nothing follows.
    NotACapture,
    /// The stream is in a format that this reader doesn't know; nothing follows.
    NewerVersion {
        /// Version of the stream.
        version: u16,
    },
    /// A part of the stream is damaged; messages behind it follow.
    Damaged {
        /// Bytes up to the place where reading goes on; they may include up to 5 that had passed
        /// for the end of a message.
        skipped_bytes: u64,
    },
    /// The stream ends too early.
    CutOff {
        /// Messages that arrived.
        messages: u32,
    },
    /// The stream ends, but messages are missing.
    MessagesLost {
        /// Messages that the writer sent.
        sent: u32,
        /// Messages that arrived.
        received: u32,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotACapture => f.write_str(
                "this is not a HeapBeacon capture: it does not begin with \\0HBC. \
                 Open a file that was saved from /api/v1/capture",
            ),
            Self::NewerVersion { version } => write!(
                f,
                "this capture has format version {version}, but this reader knows only versions \
                 up to {VERSION}: open it with a newer HeapBeacon"
            ),
            Self::Damaged { skipped_bytes } => write!(
                f,
                "the stream is damaged: {skipped_bytes} bytes were skipped, what they held is \
                 missing. Fetch it again if the device still has it"
            ),
            Self::CutOff { messages } => write!(
                f,
                "the stream ends early, after {messages} messages: later ones are missing. \
                 Fetch it again if the device still has it"
            ),
            Self::MessagesLost { sent, received } => write!(
                f,
                "{sent} messages were sent but {received} arrived: the stream is damaged. \
                 Fetch it again if the device still has it"
            ),
        }
    }
}

impl core::error::Error for DecodeError {}
