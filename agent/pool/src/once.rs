//! Something that may be done once.

use core::cell::Cell;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;

/// Tells the first time from all others.
pub struct Once<M: RawMutex>(Mutex<M, Cell<bool>>);

impl<M: RawMutex> Once<M> {
    /// Makes one that has not happened yet.
    #[allow(clippy::new_without_default, reason = "it is a static")]
    pub const fn new() -> Self {
        Self(Mutex::new(Cell::new(false)))
    }

    /// Returns the first time that it is called.
    ///
    /// # Panics
    /// Every other time, with a sentence on `what` there is only one of.
    #[track_caller]
    pub fn claim(&self, what: &str) {
        let is_first = self.0.lock(|claimed| !claimed.replace(true));
        assert!(
            is_first,
            "{what} can be given to the heap once: this line has run before"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embassy_sync::blocking_mutex::raw::NoopRawMutex;

    #[test]
    #[should_panic(expected = "the memory can be given to the heap once")]
    fn what_may_be_done_once_panics_the_second_time() {
        let once = Once::<NoopRawMutex>::new();
        for _ in 0..2 {
            once.claim("the memory");
        }
    }
}
