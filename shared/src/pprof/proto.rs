//! Messages of Protocol Buffers: <https://protobuf.dev/programming-guides/encoding/>.
//!
//! Written by hand: numbers, texts and messages are all that is needed of the encoding, `prost` would bring generated types that
//! hold a whole document, and a device has no heap for one. The length of a message stands before it, so what it holds is
//! written twice: once to count its bytes.

/// Where bytes go.
pub trait Sink {
    /// Takes bytes.
    fn take(&mut self, bytes: &[u8]);
}

#[cfg(feature = "alloc")]
impl Sink for alloc::vec::Vec<u8> {
    fn take(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Counts bytes.
#[derive(Default)]
struct Length(u64);

impl Sink for Length {
    fn take(&mut self, bytes: &[u8]) {
        self.0 += bytes.len() as u64;
    }
}

const VARINT: u64 = 0;
const LENGTH: u64 = 2;

/// Writes the fields of a message.
pub struct Fields<'s>(&'s mut dyn Sink);

impl<'s> Fields<'s> {
    /// Makes one that writes to a sink.
    pub fn new(sink: &'s mut dyn Sink) -> Self {
        Self(sink)
    }

    /// Appends a number.
    pub fn number(&mut self, field: u64, value: u64) -> &mut Self {
        self.varint(field << 3 | VARINT).varint(value)
    }

    /// Appends a number that most readers take for 0 where it is missing.
    pub fn number_but_0(&mut self, field: u64, value: u64) -> &mut Self {
        match value {
            0 => self,
            value => self.number(field, value),
        }
    }

    /// Appends a text, or bytes.
    pub fn text(&mut self, field: u64, text: &[u8]) -> &mut Self {
        self.varint(field << 3 | LENGTH).varint(text.len() as u64);
        self.0.take(text);
        self
    }

    /// Appends a message, which `write` writes.
    pub fn message(&mut self, field: u64, write: &dyn Fn(&mut Fields<'_>)) -> &mut Self {
        let mut length = Length::default();
        write(&mut Fields(&mut length));
        self.varint(field << 3 | LENGTH).varint(length.0);
        write(self);
        self
    }

    /// Appends a list of numbers.
    pub fn packed(&mut self, field: u64, values: &[u64]) -> &mut Self {
        self.message(field, &|list| {
            for value in values {
                list.varint(*value);
            }
        })
    }

    fn varint(&mut self, mut value: u64) -> &mut Self {
        while value >= 0x80 {
            self.0.take(&[value as u8 | 0x80]);
            value >>= 7;
        }
        self.0.take(&[value as u8]);
        self
    }
}
