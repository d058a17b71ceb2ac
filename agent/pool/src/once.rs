//! Something that may be done once.

use core::cell::Cell;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;

/// Distinguishes the first time from all others.
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

/// Makes a static of so many bytes, and returns it: `&'static mut [MaybeUninit<u8>]`.
///
/// The lock is a `RawMutex` of `embassy_sync`; attributes, of a section for instance, are the static's.
///
/// ```
/// use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
///
/// let memory = heapbeacon_pool::memory_once!(
///     lock: CriticalSectionRawMutex,
///     #[unsafe(link_section = ".data")]
///     size: 4 * 1024
/// );
/// assert_eq!(memory.len(), 4096);
/// ```
///
/// # Panics
/// When the same line runs twice.
#[macro_export]
macro_rules! memory_once {
    (lock: $lock:ty, $(#[$attribute:meta])* size: $size:expr) => {{
        $(#[$attribute])*
        static mut MEMORY: ::core::mem::MaybeUninit<[u8; $size]> = ::core::mem::MaybeUninit::uninit();
        // Beside the memory, which may be one that nobody clears.
        static CLAIMED: $crate::Once<$lock> = $crate::Once::new();
        CLAIMED.claim("this memory");
        let first = (&raw mut MEMORY).cast::<::core::mem::MaybeUninit<u8>>();
        // SAFETY: the static is visible here alone, where a program comes by once, as was just checked.
        unsafe { ::core::slice::from_raw_parts_mut::<'static>(first, $size) }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;
    use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, NoopRawMutex};

    #[test]
    #[should_panic(expected = "the memory can be given to the heap once")]
    fn what_may_be_done_once_panics_the_second_time() {
        let once = Once::<NoopRawMutex>::new();
        for _ in 0..2 {
            once.claim("the memory");
        }
    }

    #[test]
    #[should_panic(expected = "this line has run before")]
    fn a_line_that_makes_memory_makes_it_once() {
        for _ in 0..2 {
            let memory = memory_once!(lock: CriticalSectionRawMutex, size: 64);
            assert_eq!(memory.len(), 64);
        }
    }
}
