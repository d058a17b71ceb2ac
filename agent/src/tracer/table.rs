//! Runs of entries inside the caller's buffer.
//!
//! **The rule of indices.** An index into a table is 0, or was read from a link in that very table,
//! or came from [`bucket`] with the table's length, or was compared with the length. Checking it
//! again would cost a fifth of the time of an event, so only debug builds do; all tests run with
//! these checks, and under Miri too.

use core::mem::MaybeUninit;
use core::ops::{Index, IndexMut, Range};
use core::ptr::NonNull;

// The public name is in the parent module.
pub(super) use super::Buffer;

/// The first entry of a table is never given out, so that its index can mean "none".
pub(super) const NONE: u16 = 0;

/// A fixed number of `T`, indexed by `u16` so that a link between entries costs two bytes.
pub(super) struct Table<T> {
    first: NonNull<T>,
    len: u16,
}

// SAFETY: a table is the only way to its memory, so it moves between threads like a `Box<[T]>`.
unsafe impl<T: Send> Send for Table<T> {}

impl<T> Table<T> {
    /// The table before there is a buffer.
    pub(super) const EMPTY: Self = Self {
        first: NonNull::dangling(),
        len: 0,
    };

    /// Returns how many entries there are.
    pub(super) fn len(&self) -> u16 {
        self.len
    }

    /// Puts `len` entries into `memory`, each made by `entry`.
    ///
    /// Panics unless `memory` is aligned and large enough, which [`Split`](super::split) sees to.
    pub(super) fn place(
        memory: &'static mut [MaybeUninit<u64>],
        len: u16,
        entry: impl Fn() -> T,
    ) -> Self {
        const { assert!(align_of::<T>() <= align_of::<u64>()) };
        assert!(size_of_val(memory) >= usize::from(len) * size_of::<T>());
        let first = memory.as_mut_ptr().cast::<T>();
        for index in 0..usize::from(len) {
            // SAFETY: `index` is below `len`, and `len` entries fit, as asserted above.
            let place = unsafe { first.add(index) };
            // SAFETY: `place` is aligned, inside `memory`, and ours alone.
            unsafe { place.write(entry()) };
        }
        let first = NonNull::new(first).unwrap_or(NonNull::dangling());
        Self { first, len }
    }
}

impl<T> Index<u16> for Table<T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, index: u16) -> &T {
        debug_assert!(index < self.len);
        // SAFETY: the index is inside the table, by the rule at the head of this module.
        let entry = unsafe { self.first.add(usize::from(index)) };
        // SAFETY: `place` initialised every entry, and the borrow of `self` covers it.
        unsafe { entry.as_ref() }
    }
}

impl<T> IndexMut<u16> for Table<T> {
    #[inline(always)]
    fn index_mut(&mut self, index: u16) -> &mut T {
        debug_assert!(index < self.len);
        // SAFETY: the index is inside the table, by the rule at the head of this module.
        let mut entry = unsafe { self.first.add(usize::from(index)) };
        // SAFETY: `place` initialised every entry, and the unique borrow of `self` covers it.
        unsafe { entry.as_mut() }
    }
}

/// Spreads a number over 32 bits: multiplication by the golden ratio (Knuth, TAOCP 3, 6.4).
#[inline(always)]
pub(super) fn spread(number: usize) -> u32 {
    #[cfg(target_pointer_width = "64")]
    return (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32;
    #[cfg(not(target_pointer_width = "64"))]
    return (number as u32).wrapping_mul(0x9E37_79B1);
}

/// Maps a hash to one of `len` buckets without a division.
#[inline(always)]
pub(super) fn bucket(hash: u32, len: u16) -> u16 {
    ((u64::from(hash) * u64::from(len)) >> 32) as u16
}

/// Splits the entries of a table into steps that are short enough to be done under the lock.
pub(super) fn steps(len: u16) -> impl Iterator<Item = Range<u16>> {
    (0..len)
        .step_by(usize::from(STEP))
        .map(move |start| start..len.min(start.saturating_add(STEP)))
}

/// Entries that a reader touches in one hold of the lock.
pub(super) const STEP: u16 = 16;
