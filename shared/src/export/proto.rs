//! Messages of Protocol Buffers: <https://protobuf.dev/programming-guides/encoding/>.
//!
//! Written by hand: numbers, texts and messages are all that is needed of the encoding, and `prost` would bring generated types that hold a whole document.

use alloc::vec::Vec;

/// A message, or a part of one.
#[derive(Debug, Default)]
pub(super) struct Proto(Vec<u8>);

const VARINT: u64 = 0;
const LENGTH: u64 = 2;

impl Proto {
    /// Appends a number.
    pub(super) fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3 | VARINT);
        self.varint(value);
        self
    }

    /// Appends a number that most readers take for 0 where it is missing.
    pub(super) fn number_but_0(self, field: u64, value: u64) -> Self {
        match value {
            0 => self,
            value => self.number(field, value),
        }
    }

    /// Appends a text, or bytes.
    pub(super) fn text(mut self, field: u64, text: &(impl AsRef<[u8]> + ?Sized)) -> Self {
        let text = text.as_ref();
        self.varint(field << 3 | LENGTH);
        self.varint(text.len() as u64);
        self.0.extend_from_slice(text);
        self
    }

    /// Appends a message.
    pub(super) fn message(self, field: u64, message: Self) -> Self {
        self.text(field, &message.0)
    }

    /// Appends a list of numbers.
    pub(super) fn packed(self, field: u64, values: impl IntoIterator<Item = u64>) -> Self {
        let mut list = Self::default();
        values.into_iter().for_each(|value| list.varint(value));
        self.message(field, list)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}
