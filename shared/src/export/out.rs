//! Where documents are written.

use alloc::vec::Vec;
use core::fmt::{self, Write};

/// Bytes that are handed on at once.
const PIECE_BYTES: usize = 16 * 1024;

/// A document that is written from its beginning to its end. An error is the sink's, which has kept it.
pub(super) struct Out<'a> {
    sink: &'a mut dyn FnMut(&[u8]) -> fmt::Result,
    piece: Vec<u8>,
}

impl<'a> Out<'a> {
    pub(super) fn new(sink: &'a mut dyn FnMut(&[u8]) -> fmt::Result) -> Self {
        Self {
            sink,
            piece: Vec::with_capacity(PIECE_BYTES),
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> fmt::Result {
        if self.piece.len() + bytes.len() > PIECE_BYTES {
            self.flush()?;
        }
        if bytes.len() > PIECE_BYTES {
            return (self.sink)(bytes);
        }
        self.piece.extend_from_slice(bytes);
        Ok(())
    }

    /// Hands on what was written so far.
    pub(super) fn flush(&mut self) -> fmt::Result {
        if self.piece.is_empty() {
            return Ok(());
        }
        let written = (self.sink)(&self.piece);
        self.piece.clear();
        written
    }

    /// Writes a string of JSON (RFC 8259, section 7).
    pub(super) fn json(&mut self, text: &str) -> fmt::Result {
        self.write_char('"')?;
        for c in text.chars() {
            match c {
                '"' | '\\' => write!(self, "\\{c}")?,
                // Not asked for by the rules of JSON, but by those of JavaScript that is older than them.
                '\u{0}'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                    write!(self, "\\u{:04x}", c as u32)?
                }
                c => self.write_char(c)?,
            }
        }
        self.write_char('"')
    }

    /// Writes a field of CSV (RFC 4180).
    pub(super) fn csv(&mut self, text: &str) -> fmt::Result {
        if !text.contains(['"', ',', '\n', '\r']) {
            return self.write_str(text);
        }
        self.write_char('"')?;
        for c in text.chars() {
            if c == '"' {
                self.write_char('"')?;
            }
            self.write_char(c)?;
        }
        self.write_char('"')
    }

    /// Writes a list of JSON, of what `each` writes of one item.
    pub(super) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T) -> fmt::Result,
    ) -> fmt::Result {
        self.write_char('[')?;
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.write_char(',')?;
            }
            each(self, item)?;
        }
        self.write_char(']')
    }
}

impl Write for Out<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.bytes(text.as_bytes())
    }
}
