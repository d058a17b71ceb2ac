//! Runs of entries inside the caller's buffer.
//!
//! **The rule of indices.** An index into a table is 0, or was read from a link in that very table,
//! or was compared with its length; and only a table with entries is asked for a bucket. Checking
//! this again would cost a fifth of the time of an event, so only debug builds do; all tests run
//! with these checks, and under Miri too.

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
    /// Below 2^16.
    len: usize,
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
        self.len as u16
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
        let len = usize::from(len);
        Self { first, len }
    }

    /// Returns the entry in which the bucket of a number begins.
    #[inline(always)]
    pub(super) fn bucket(&self, number: usize) -> &T {
        // SAFETY: the index is below the length, which is not 0 by the rule above.
        let entry = unsafe { self.first.add(self.bucket_index(number)) };
        // SAFETY: `place` initialised every entry, and the borrow of `self` covers it.
        unsafe { entry.as_ref() }
    }

    /// Returns the entry in which the bucket of a number begins.
    #[inline(always)]
    pub(super) fn bucket_mut(&mut self, number: usize) -> &mut T {
        // SAFETY: the index is below the length, which is not 0 by the rule above.
        let mut entry = unsafe { self.first.add(self.bucket_index(number)) };
        // SAFETY: `place` initialised every entry, and the unique borrow of `self` covers it.
        unsafe { entry.as_mut() }
    }

    /// Multiplies a number by the golden ratio (Knuth, TAOCP 3, 6.4), and scales the product, which
    /// is below 2^32, to the number of entries without a division.
    ///
    /// The low 32 bits decide: in them any two blocks of a heap differ, of 4 GiB even. The ratio is
    /// taken negative, which spreads as well and is below 2^31, so that it fits into an instruction.
    #[inline(always)]
    pub(super) fn bucket_index(&self, number: usize) -> usize {
        debug_assert!(self.len > 0);
        let spread = (number as u32).wrapping_mul(0x61C8_8647);
        ((u64::from(spread) * self.len as u64) >> 32) as usize
    }
}

impl<T> Index<u16> for Table<T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, index: u16) -> &T {
        debug_assert!(usize::from(index) < self.len);
        // SAFETY: the index is inside the table, by the rule at the head of this module.
        let entry = unsafe { self.first.add(usize::from(index)) };
        // SAFETY: `place` initialised every entry, and the borrow of `self` covers it.
        unsafe { entry.as_ref() }
    }
}

impl<T> IndexMut<u16> for Table<T> {
    #[inline(always)]
    fn index_mut(&mut self, index: u16) -> &mut T {
        debug_assert!(usize::from(index) < self.len);
        // SAFETY: the index is inside the table, by the rule at the head of this module.
        let mut entry = unsafe { self.first.add(usize::from(index)) };
        // SAFETY: `place` initialised every entry, and the unique borrow of `self` covers it.
        unsafe { entry.as_mut() }
    }
}

/// Splits the entries of a table into steps that are short enough to be done under the lock.
pub(super) fn steps(len: u16) -> impl Iterator<Item = Range<u16>> {
    (0..len)
        .step_by(usize::from(STEP))
        .map(move |start| start..len.min(start.saturating_add(STEP)))
}

/// Entries that a reader touches in one hold of the lock.
pub(super) const STEP: u16 = 16;
