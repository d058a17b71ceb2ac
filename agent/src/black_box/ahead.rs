//! State that is written ahead of the end of a boot.

use heapbeacon_shared::wire::MAX_ENCODED;

use super::area::{Area, Content};
use super::memory::{AREA, NOTE_BYTES};

/// Bytes of an area that stay free, for a note has to find room behind its content.
const RESERVED: usize = NOTE_BYTES;
const _: () = assert!(RESERVED < AREA * size_of::<u32>());

/// Messages on their way into an area.
pub(crate) struct Ahead<'m> {
    area: Area<'m>,
    number: u32,
    len: usize,
    messages: u32,
    buffer: [u8; MAX_ENCODED],
}

impl<'m> Ahead<'m> {
    /// Opens an area: until it is sealed, nothing is in it.
    pub(super) fn new(area: Area<'m>, number: u32) -> Self {
        area.open();
        Self {
            area,
            number,
            len: 0,
            messages: 0,
            buffer: [0; MAX_ENCODED],
        }
    }

    /// Seals what was taken, and returns its number.
    pub(super) fn seal(self) -> u32 {
        self.area.seal(Content {
            number: self.number,
            bytes: self.len,
            messages: self.messages,
        });
        self.number
    }

    /// Returns room for a message.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        let left = self.area.capacity().saturating_sub(RESERVED + self.len);
        &mut self.buffer[..left.min(MAX_ENCODED)]
    }

    /// Takes a message of so many bytes; none of no bytes.
    pub(crate) fn take(&mut self, bytes: usize) {
        if bytes > 0 {
            self.area.write(self.len, &self.buffer[..bytes]);
            self.len += bytes;
            self.messages += 1;
        }
    }
}
