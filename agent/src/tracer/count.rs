//! The number of records, which readers ask for without the lock.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// A counter that is changed under the lock only, and so does without read-modify-write
/// instructions, which small chips don't have.
pub(super) struct Count(AtomicU32);

impl Count {
    pub(super) const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    pub(super) fn get(&self) -> u32 {
        self.0.load(Relaxed)
    }

    pub(super) fn set(&self, count: u32) {
        self.0.store(count, Relaxed);
    }

    #[inline(always)]
    pub(super) fn increment(&self) {
        self.set(self.get().wrapping_add(1));
    }

    #[inline(always)]
    pub(super) fn decrement(&self) {
        self.set(self.get().wrapping_sub(1));
    }
}
