//! Texts from outside, as a report takes them.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;

/// Letters of a name, and of a sentence, that are shown at most: so a report stays small whatever the names are.
const LETTERS: usize = 160;
const SENTENCE_LETTERS: usize = 1_000;

/// Returns the beginning of a name.
pub(super) fn shortened(name: &str) -> String {
    match name.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// Writes a text that comes from outside, so that it is nothing but text.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars().take(SENTENCE_LETTERS) {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}
