//! Names as people write them, from names as linkers know them.

use alloc::string::String;
use core::fmt::{self, Write};

/// Most bytes of a name. Generic code has names of a few hundred; what is longer is cut.
const MOST_BYTES: usize = 4096;

/// Returns the path of a function or static: demangled and without its hash if it is Rust's, and
/// otherwise as it is.
pub(super) fn demangled(name: &str) -> String {
    let mut text = Bounded(String::new());
    // An error says that it is full.
    let _ = match rustc_demangle::try_demangle(name) {
        Ok(path) => write!(text, "{path:#}"),
        Err(_) => text.write_str(name),
    };
    text.0
}

/// Cuts a text that is too long to be shown or kept.
pub(super) fn bounded(text: &str) -> String {
    let mut short = Bounded(String::new());
    let _ = short.write_str(text);
    short.0
}

struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MOST_BYTES.saturating_sub(self.0.len());
        if text.len() <= room {
            self.0.push_str(text);
            return Ok(());
        }
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        self.0.push('…');
        Err(fmt::Error)
    }
}
