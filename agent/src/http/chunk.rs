//! The room in which an answer is made, piece by piece.

use core::fmt;

use serde::Serialize;

use crate::capture::Out;

/// Bytes of a chunk: the longest single JSON value, a trace status, fits.
const CHUNK: usize = 2304;
/// Bytes that the longest item of a page, or the longest message, needs.
const ITEM: usize = 1024;

/// A piece of an answer.
pub(super) struct Chunk {
    bytes: [u8; CHUNK],
    len: usize,
}

impl Chunk {
    pub(super) const fn new() -> Self {
        Self {
            bytes: [0; CHUNK],
            len: 0,
        }
    }

    /// Tells whether one more item fits for sure.
    pub(super) fn has_room(&self) -> bool {
        CHUNK - self.len >= ITEM
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends a value as JSON.
    pub(super) fn json(&mut self, value: &impl Serialize) {
        let written = serde_json_core::to_slice(value, &mut self.bytes[self.len..]);
        debug_assert!(written.is_ok(), "CHUNK is too small");
        self.len += written.unwrap_or(0);
    }

    /// Appends an element of a JSON list, with a comma before all but the first.
    pub(super) fn element(&mut self, is_first: &mut bool, value: &impl Serialize) {
        if !core::mem::replace(is_first, false) {
            self.text(format_args!(","));
        }
        self.json(value);
    }

    /// Appends text.
    pub(super) fn text(&mut self, text: fmt::Arguments<'_>) {
        let written = fmt::write(self, text);
        debug_assert!(written.is_ok(), "ITEM is too small");
    }
}

impl fmt::Write for Chunk {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl Out for Chunk {
    fn has_room(&self) -> bool {
        Chunk::has_room(self)
    }

    fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.len..]
    }

    fn take(&mut self, bytes: usize) {
        self.len += bytes;
    }
}
