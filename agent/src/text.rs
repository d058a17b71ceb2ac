//! Text of a bounded length.

use core::fmt::{self, Write};

use heapless::String;
use heapless::string::StringView;

/// Formats a text, cut where it is full.
pub(crate) fn text<const N: usize>(args: fmt::Arguments<'_>) -> String<N> {
    let mut text = String::new();
    // A text that is cut is still a text.
    let _ = Cut(text.as_mut_view()).write_fmt(args);
    text
}

/// A view, so that there is one of it in flash for all lengths.
struct Cut<'t>(&'t mut StringView);

impl Write for Cut<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.0.capacity() - self.0.len();
        let fitting = &text[..text.floor_char_boundary(room)];
        self.0.push_str(fitting).map_err(|_| fmt::Error)?;
        match fitting.len() == text.len() {
            true => Ok(()),
            false => Err(fmt::Error),
        }
    }
}
