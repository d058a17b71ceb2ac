//! Runs of entries inside the caller's buffer.
//!
//! **The rule of links.** A table is indexed by [`Link`]s alone, and makes them itself by comparing an index
//! with its length. A link is kept in the tables and in what is emptied with them, never across two holds of
//! the lock: what a reader keeps is a plain index, which the table compares anew. The first entry needs no comparison, but a table with
//! entries; only such a one is asked for it, or for a bucket. Checking
//! this again would cost a fifth of the time of an event, so only debug builds do; all tests run
//! with these checks, and under Miri too.

use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ops::{Index, IndexMut, Range};
use core::ptr::NonNull;

// The public name is in the parent module.
pub(super) use super::Buffer;

/// The index of an entry of the table that made it.
pub(super) struct Link<T> {
    index: u16,
    table: PhantomData<fn() -> T>,
}

impl<T> Link<T> {
    /// The first entry of a table is never given out, so that its index can mean "none".
    pub(super) const NONE: Self = Self {
        index: 0,
        table: PhantomData,
    };

    /// Makes a link again of its index.
    ///
    /// # Safety
    /// A link into the same table had this index.
    #[inline(always)]
    pub(super) const unsafe fn from_index(index: u16) -> Self {
        Self {
            index,
            table: PhantomData,
        }
    }

    #[inline(always)]
    pub(super) const fn index(self) -> u16 {
        self.index
    }
}

impl<T> Clone for Link<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Link<T> {}

impl<T> Default for Link<T> {
    fn default() -> Self {
        Self::NONE
    }
}

impl<T> PartialEq for Link<T> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

impl<T> Eq for Link<T> {}

/// The entry of a table in which a bucket of its index begins. Wider than a [`Link`], so that nothing is cut off on the way.
pub(super) struct Bucket<T> {
    index: usize,
    table: PhantomData<fn() -> T>,
}

impl<T> Bucket<T> {
    #[cfg(test)]
    pub(super) fn index(self) -> usize {
        self.index
    }
}

impl<T> Clone for Bucket<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Bucket<T> {}

/// A fixed number of `T`, indexed by `u16` so that a link between entries costs two bytes.
pub(super) struct Table<'a, T> {
    first: NonNull<T>,
    /// Below 2^16.
    len: usize,
    memory: PhantomData<&'a mut [T]>,
}

// SAFETY: a table is the only way to its memory, so it moves between threads like a `Box<[T]>`.
unsafe impl<T: Send> Send for Table<'_, T> {}

impl<T> Table<'_, T> {
    /// The table before there is a buffer.
    pub(super) const EMPTY: Self = Self {
        first: NonNull::dangling(),
        len: 0,
        memory: PhantomData,
    };

    /// Borrows the table as one of its own. A compiler keeps that in registers; of the table itself, each write to an entry may have
    /// changed where it lies, for all that a compiler knows.
    #[inline(always)]
    pub(super) fn local(&mut self) -> Table<'_, T> {
        Table {
            first: self.first,
            len: self.len,
            memory: PhantomData,
        }
    }

    /// Returns how many entries there are.
    pub(super) fn len(&self) -> u16 {
        self.len as u16
    }

    /// Returns the link to an entry, if there is such an entry.
    #[inline(always)]
    pub(super) fn link(&self, index: u16) -> Option<Link<T>> {
        (usize::from(index) < self.len).then_some(Link {
            index,
            table: PhantomData,
        })
    }

    /// Returns the links to the entries in a range of indices, as far as there are such entries.
    pub(super) fn links(&self, range: Range<u16>) -> impl Iterator<Item = Link<T>> + use<T> {
        (range.start..range.end.min(self.len())).map(|index| Link {
            index,
            table: PhantomData,
        })
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
        Self {
            first,
            len,
            memory: PhantomData,
        }
    }

    /// Returns where the bucket of a number begins. There must be entries; it is for this table only.
    ///
    /// The number is multiplied by the golden ratio (Knuth, TAOCP 3, 6.4), and the product, which is below 2^32, scaled
    /// to the number of entries without a division.
    ///
    /// The low 32 bits decide: in them any two blocks of a heap differ, of 4 GiB even. The ratio is
    /// taken negative, which spreads as well and is below 2^31, so that it fits into an instruction.
    #[inline(always)]
    pub(super) fn bucket(&self, number: usize) -> Bucket<T> {
        debug_assert!(self.len > 0);
        let spread = (number as u32).wrapping_mul(0x61C8_8647);
        Bucket {
            index: ((u64::from(spread) * self.len as u64) >> 32) as usize,
            table: PhantomData,
        }
    }
}

impl<T> Index<Link<T>> for Table<'_, T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, link: Link<T>) -> &T {
        debug_assert!(usize::from(link.index) < self.len);
        // SAFETY: the index is inside the table, by the rule at the head of this module.
        let entry = unsafe { self.first.add(usize::from(link.index)) };
        // SAFETY: `place` initialised every entry, and the borrow of `self` covers it.
        unsafe { entry.as_ref() }
    }
}

impl<T> IndexMut<Link<T>> for Table<'_, T> {
    #[inline(always)]
    fn index_mut(&mut self, link: Link<T>) -> &mut T {
        debug_assert!(usize::from(link.index) < self.len);
        // SAFETY: the index is inside the table, by the rule at the head of this module.
        let mut entry = unsafe { self.first.add(usize::from(link.index)) };
        // SAFETY: `place` initialised every entry, and the unique borrow of `self` covers it.
        unsafe { entry.as_mut() }
    }
}

impl<T> Index<Bucket<T>> for Table<'_, T> {
    type Output = T;

    #[inline(always)]
    fn index(&self, bucket: Bucket<T>) -> &T {
        debug_assert!(bucket.index < self.len);
        // SAFETY: the index is below the length, which is not 0 by the rule above.
        let entry = unsafe { self.first.add(bucket.index) };
        // SAFETY: `place` initialised every entry, and the borrow of `self` covers it.
        unsafe { entry.as_ref() }
    }
}

impl<T> IndexMut<Bucket<T>> for Table<'_, T> {
    #[inline(always)]
    fn index_mut(&mut self, bucket: Bucket<T>) -> &mut T {
        debug_assert!(bucket.index < self.len);
        // SAFETY: the index is below the length, which is not 0 by the rule above.
        let mut entry = unsafe { self.first.add(bucket.index) };
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
