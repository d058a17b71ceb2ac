//! What events have told, as it came: for those who want it in a file.

use js_sys::{Array, Uint8Array};
use web_sys::Blob;

/// Most bytes that are kept, as many as a capture may have.
const MOST_BYTES: usize = 16 << 20;
/// Bytes that the page itself holds before the browser gets them, which has room for them elsewhere.
const HELD_BYTES: usize = 64 << 10;

/// The bytes of an event connection since it was opened; behind the first that there is no room for, none.
#[derive(Default)]
pub struct Tape {
    /// What the browser has, and the latest behind it.
    pieces: Array,
    held: usize,
    bytes: usize,
}

impl Tape {
    /// Appends what has come.
    pub fn push(&mut self, piece: &[u8]) {
        self.bytes += piece.len();
        if self.bytes > MOST_BYTES {
            return;
        }
        self.pieces.push(&Uint8Array::from(piece));
        self.held += piece.len();
        if self.held >= HELD_BYTES {
            self.hand_over();
        }
    }

    /// Returns its pieces; `None` if nothing has come.
    pub fn pieces(&self) -> Option<Array> {
        (self.bytes > 0).then(|| self.pieces.clone())
    }

    /// Makes one blob of all that has come. A browser that makes none leaves it where it is.
    fn hand_over(&mut self) {
        if let Ok(blob) = Blob::new_with_blob_sequence(&self.pieces) {
            self.pieces = Array::of1(&blob);
        }
        self.held = 0;
    }
}
