//! What events have told, as it came: for those who want it in a file.

use js_sys::{Array, Uint8Array};

/// Most bytes that are kept, as many as a capture may have.
const MOST_BYTES: usize = 16 << 20;

/// The bytes of an event connection since it was opened; behind the first that there is no room for, none.
#[derive(Default)]
pub struct Tape {
    pieces: Array,
    bytes: usize,
}

impl Tape {
    /// Appends what has come.
    pub fn push(&mut self, piece: &[u8]) {
        self.bytes += piece.len();
        if self.bytes <= MOST_BYTES {
            self.pieces.push(&Uint8Array::from(piece));
        }
    }

    /// Returns its pieces; `None` if nothing has come.
    pub fn pieces(&self) -> Option<Array> {
        (self.bytes > 0).then(|| self.pieces.clone())
    }
}
