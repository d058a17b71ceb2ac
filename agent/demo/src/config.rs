//! The configuration: one large block, loaded once.

use alloc::string::String;
use core::fmt::Write as _;

const LINE_BYTES: usize = 32;

/// The text of the configuration: the name of the host, then its settings, one a line.
#[derive(Debug)]
pub(crate) struct Config {
    text: String,
}

impl Config {
    /// Returns the name under which the server greets its clients.
    pub(crate) fn host(&self) -> &str {
        self.text.lines().next().unwrap_or_default().trim_end()
    }

    /// Returns the size of the block, in bytes.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity()
    }
}

/// Loads the configuration into one block of `bytes`.
#[inline(never)]
pub(crate) fn load(bytes: usize) -> Config {
    let mut text = String::with_capacity(bytes);
    push_line(&mut text, format_args!("greenhouse"));
    while text.len() + LINE_BYTES <= bytes {
        let number = text.len() / LINE_BYTES;
        push_line(&mut text, format_args!("setting-{number:04}=on"));
    }
    Config { text }
}

/// Appends `line`, filled up with blanks to [`LINE_BYTES`].
fn push_line(text: &mut String, line: core::fmt::Arguments<'_>) {
    let end = text.len() + LINE_BYTES - 1;
    text.write_fmt(line)
        .expect("writing to a string never fails");
    text.extend(core::iter::repeat_n(' ', end - text.len()));
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_fills_one_block_without_growing_it() {
        let config = load(4096);
        assert_eq!(config.text.len(), 4096);
        assert_eq!(config.bytes(), 4096);
        assert_eq!(config.host(), "greenhouse");
    }
}
