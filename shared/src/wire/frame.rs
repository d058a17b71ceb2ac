//! Where one thing in a stream ends and the next begins.

use super::{MAGIC, MAX_BODY};

/// Bytes of a preamble.
pub(super) const PREAMBLE_BYTES: usize = MAGIC.len() + 2;
/// Most bytes of a length: 14 bits are more than [`MAX_BODY`] needs.
pub(super) const MAX_LENGTH_BYTES: usize = 2;

/// A whole preamble.
pub(super) type Preamble = [u8; PREAMBLE_BYTES];

/// Returns the preamble of a stream in `version`.
pub(super) const fn preamble(version: u16) -> Preamble {
    let [m0, m1, m2, m3] = MAGIC;
    let [low, high] = version.to_le_bytes();
    [m0, m1, m2, m3, low, high]
}

/// Returns where the first `preamble` in `bytes` begins.
pub(super) fn find(preamble: &Preamble, bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(PREAMBLE_BYTES)
        .position(|window| window == preamble)
}

/// Writes `length` as a varint and returns how many bytes that took.
pub(super) fn write_length(length: usize, bytes: &mut [u8; MAX_LENGTH_BYTES]) -> usize {
    let low = (length & 0x7f) as u8;
    if length < 0x80 {
        bytes[0] = low;
        return 1;
    }
    *bytes = [low | 0x80, (length >> 7) as u8];
    2
}

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
