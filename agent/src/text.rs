//! Text of a bounded length.

use core::fmt::{self, Write};

use heapless::String;

/// Formats a text, cut where it is full.
pub(crate) fn text<const N: usize>(args: fmt::Arguments<'_>) -> String<N> {
    let mut cut = Cut(String::new());
    // A text that is cut is still a text.
    let _ = cut.write_fmt(args);
    cut.0
}

struct Cut<const N: usize>(String<N>);

impl<const N: usize> Write for Cut<N> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars()
            .try_for_each(|c| self.0.push(c).map_err(|_| fmt::Error))
    }
}
