//! Blocks added up.

/// Blocks and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many.
    pub count: u64,
    /// Their bytes, as they were asked for.
    pub bytes: u64,
}

/// What became of the blocks of a call stack, as far as there are records or events of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Blocks that were handed out.
    pub allocated: Amount,
    /// Those among them that are live.
    pub live: Amount,
    /// Microseconds that those which were freed have lived, added up.
    pub lifetimes_us: u64,
}

impl Amount {
    pub(super) fn add(&mut self, bytes: u64) {
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    pub(super) fn remove(&mut self, bytes: u64) {
        self.count = self.count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    pub(super) fn join(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }

    /// Returns what is left without another amount.
    pub(super) fn without(self, other: Self) -> Self {
        Self {
            count: self.count.saturating_sub(other.count),
            bytes: self.bytes.saturating_sub(other.bytes),
        }
    }
}

impl Sums {
    /// Returns what was freed.
    pub fn freed(&self) -> Amount {
        self.allocated.without(self.live)
    }

    pub(super) fn join(&mut self, other: &Self) {
        self.allocated.join(other.allocated);
        self.live.join(other.live);
        self.lifetimes_us = self.lifetimes_us.saturating_add(other.lifetimes_us);
    }

    pub(super) fn allocate(&mut self, bytes: u64) {
        self.allocated.add(bytes);
        self.live.add(bytes);
    }

    pub(super) fn free(&mut self, bytes: u64, lifetime_us: u64) {
        self.live.remove(bytes);
        self.lifetimes_us = self.lifetimes_us.saturating_add(lifetime_us);
    }
}
