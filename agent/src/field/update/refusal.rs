//! Why an update is refused.

use heapbeacon_shared::update::NoHeader;

/// Why an update is refused. The running firmware is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The bytes begin with no header that is known.
    NoHeader(NoHeader),
    /// So many bytes came or were announced, where the header has it otherwise.
    WrongLength {
        /// Bytes of header and image.
        wanted: u32,
    },
    /// It does not fit into a slot.
    TooLarge {
        /// Bytes that fit, header included.
        room: u32,
    },
    /// It is built for another chip than this one.
    WrongChip(&'static str),
    /// It is older than what runs, and nobody has allowed that.
    Older,
    /// It was signed with another key, or changed since.
    Signature,
    /// The image is not as the board has it, with what is wrong.
    Image(&'static str),
    /// What was written is not what was signed.
    Digest,
    /// Another upload is at work.
    Busy,
    /// The upload was cancelled.
    Cancelled,
    /// What runs is on trial, and what would be written over is what it would go back to.
    Unconfirmed,
    /// The bytes are not those that are missing.
    WrongRange {
        /// The byte that an upload goes on with.
        next: u32,
    },
    /// There is no upload to cancel.
    Nothing,
    /// The flash has failed.
    Flash,
}

impl From<NoHeader> for Refusal {
    fn from(no: NoHeader) -> Self {
        Self::NoHeader(no)
    }
}
