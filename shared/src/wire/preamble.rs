//! What a stream begins with, and what a reader that lost its place searches for.

use super::MAGIC;

/// Bytes of a preamble.
pub(super) const PREAMBLE_BYTES: usize = MAGIC.len() + 2;
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
