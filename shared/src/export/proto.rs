//! Messages of Protocol Buffers that are put together from parts.

use alloc::vec::Vec;

use crate::pprof::Fields;

/// A message, or a part of one.
#[derive(Debug, Default)]
pub(super) struct Proto(Vec<u8>);

impl Proto {
    fn fields(&mut self) -> Fields<'_> {
        Fields::new(&mut self.0)
    }

    /// Appends a number.
    pub(super) fn number(mut self, field: u64, value: u64) -> Self {
        self.fields().number(field, value);
        self
    }

    /// Appends a number that most readers take for 0 where it is missing.
    pub(super) fn number_but_0(mut self, field: u64, value: u64) -> Self {
        self.fields().number_but_0(field, value);
        self
    }

    /// Appends a text, or bytes.
    pub(super) fn text(mut self, field: u64, text: &(impl AsRef<[u8]> + ?Sized)) -> Self {
        self.fields().text(field, text.as_ref());
        self
    }

    /// Appends a message.
    pub(super) fn message(self, field: u64, message: Self) -> Self {
        self.text(field, &message.0)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
