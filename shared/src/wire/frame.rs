//! Where one thing in a stream ends and the next begins.

use super::MAX_BODY;
use super::preamble::Preamble;

/// What stands at the reader's place.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    /// Too few bytes to tell, or for all of the message.
    Partial,
    /// The stream's preamble.
    Preamble,
    /// A message: a length of `header` bytes, then the body up to `end`.
    Message { header: usize, end: usize },
    /// Neither.
    Damaged,
}

impl Frame {
    /// Looks at the beginning of `bytes`, which no preamble but `preamble` divides.
    pub(super) fn at_start_of(bytes: &[u8], preamble: &Preamble) -> Self {
        match *bytes {
            [] => Self::Partial,
            [0, ..] if bytes.starts_with(preamble) => Self::Preamble,
            [0, ..] if preamble.starts_with(bytes) => Self::Partial,
            [length @ 0..0x80, ..] => Self::message(1, length.into(), bytes),
            [_] => Self::Partial,
            [low, high @ 0..0x80, ..] => {
                let length = usize::from(low & 0x7f) | usize::from(high) << 7;
                Self::message(2, length, bytes)
            }
            _ => Self::Damaged,
        }
    }

    fn message(header: usize, length: usize, bytes: &[u8]) -> Self {
        let end = header + length;
        match length {
            1..=MAX_BODY if end <= bytes.len() => Self::Message { header, end },
            1..=MAX_BODY => Self::Partial,
            _ => Self::Damaged,
        }
    }
}
