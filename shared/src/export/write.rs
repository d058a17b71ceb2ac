//! A recording as a document.

use core::fmt;

use super::format::Format;
use super::input::Read;
use super::out::Out;
use super::recording::Recording;
use super::{collapsed, dhat, firefox, heaptrack, leaks, perfetto, pprof, records, speedscope};

impl Recording {
    /// Writes the capture in a format: `read` reads the same bytes again, and `write` takes the document piece by piece.
    ///
    /// # Errors
    /// Those of `read` and `write`.
    pub fn write<E>(
        &self,
        format: Format,
        mut read: impl FnMut(u64, &mut [u8]) -> Result<usize, E>,
        mut write: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut unread, mut unwritten) = (None, None);
        let mut read = |offset, piece: &mut [u8]| {
            read(offset, piece).map_err(|error| {
                unread = Some(error);
                fmt::Error
            })
        };
        let mut sink = |piece: &[u8]| {
            write(piece).map_err(|error| {
                unwritten = Some(error);
                fmt::Error
            })
        };
        let mut out = Out::new(&mut sink);
        // An error within is one that was kept.
        let _ = self
            .write_as(format, &mut read, &mut out)
            .and_then(|()| out.flush());
        unread.or(unwritten).map_or(Ok(()), Err)
    }

    fn write_as(&self, format: Format, read: &mut Read<'_>, out: &mut Out<'_>) -> fmt::Result {
        match format {
            Format::Collapsed => collapsed::write(self, out),
            Format::Speedscope => speedscope::write(self, out),
            Format::Records => records::write(self, read, out),
            Format::Leaks => leaks::write(self, out),
            Format::Dhat => dhat::write(self, read, out),
            Format::Pprof => pprof::write(self, out),
            Format::Firefox => firefox::write(self, read, out),
            Format::Heaptrack => heaptrack::write(self, read, out),
            Format::Perfetto => perfetto::write(self, read, out),
        }
    }
}
