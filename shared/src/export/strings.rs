//! Tables of strings: formats name each once, and refer to it by its number.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

/// Strings in the order in which they were first asked for.
#[derive(Debug, Default)]
pub(super) struct Strings {
    numbers: BTreeMap<String, usize>,
    list: Vec<String>,
}

impl Strings {
    /// Returns the number of a string, from 0.
    pub(super) fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.list.len();
        self.numbers.insert(text.into(), number);
        self.list.push(text.into());
        number
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(String::as_str)
    }
}
