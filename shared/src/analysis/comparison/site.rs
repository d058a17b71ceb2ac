//! Call sites, as far as they are found again.

use crate::trace::Kind;

/// A call site of a list, as far as it is found again in another list.
#[derive(Clone, Copy, Debug)]
pub struct SiteKey<'s> {
    /// What a site keeps from list to list: its address where both are of one build, and otherwise its function and file. Several
    /// sites may have the same.
    pub key: &'s str,
    /// Which functions lead to it: it tells apart sites of one key.
    pub path: &'s str,
    /// Its line: sites of one key are in the same order in every version, wherever they have moved.
    pub line: u32,
}

/// What a call site holds, or several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// Live bytes.
    pub bytes: u64,
    /// Live blocks.
    pub count: u64,
    /// Those of the bytes that have outlived what the site frees.
    pub outlived_bytes: u64,
    /// What is said of it; of several, the worst.
    pub kind: Kind,
    /// How fast it grows, where that is told.
    pub bytes_per_minute: u64,
}

impl Holding {
    /// Returns whether it leaks.
    pub fn leaks(&self) -> bool {
        self.kind == Kind::Leaking
    }

    /// Adds another one to it.
    pub fn add(&mut self, other: &Self) {
        let is_empty = self.count == 0 && self.bytes == 0;
        if is_empty || other.leaks() {
            self.kind = other.kind;
        }
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.count = self.count.saturating_add(other.count);
        self.outlived_bytes = self.outlived_bytes.saturating_add(other.outlived_bytes);
        self.bytes_per_minute = self.bytes_per_minute.saturating_add(other.bytes_per_minute);
    }
}
