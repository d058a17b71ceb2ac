//! From a caller's buffer to tables, and back.

use core::mem::MaybeUninit;
use core::ops::Range;
use core::ptr::NonNull;

use super::Error;
use super::records::Records;
use super::split::Split;
use super::stacks::Stacks;
use super::table::Buffer;

/// The buffer behind the tables.
pub(super) struct Storage {
    buffer: NonNull<[MaybeUninit<u64>]>,
    split: Split,
}

// SAFETY: the pointer came from a unique `&'static mut` and is turned back into one only once.
unsafe impl Send for Storage {}

impl Storage {
    /// Returns the addresses of the buffer.
    pub(super) fn addresses(&self) -> Range<usize> {
        let start = self.buffer.as_ptr().addr();
        start..start + self.buffer.len() * size_of::<u64>()
    }
}

/// Tables in a buffer, ready to be used.
pub(super) struct Tables {
    pub(super) storage: Storage,
    pub(super) records: Records,
    pub(super) stacks: Stacks,
}

impl Tables {
    /// Puts empty tables into a buffer.
    pub(super) fn place(buffer: Buffer, records: Option<u32>) -> Result<Self, (Error, Buffer)> {
        let split = match Split::of(size_of_val(buffer), records) {
            Ok(split) => split,
            Err(error) => return Err((error, buffer)),
        };
        let mut buffer = NonNull::from(buffer);
        // SAFETY: derived from the unique borrow that this call was given; it comes back out only
        // through `Storage::into_buffer`, after the tables are gone.
        let memory = unsafe { buffer.as_mut() };
        let (records, stacks) = split.place(memory);
        Ok(Self {
            storage: Storage { buffer, split },
            records: Records::new(records),
            stacks: Stacks::new(stacks),
        })
    }

    pub(super) fn into_buffer(self) -> Buffer {
        self.storage.into_buffer()
    }
}

impl Storage {
    /// Gives the buffer back; the tables must be gone.
    pub(super) fn into_buffer(mut self) -> Buffer {
        // SAFETY: the tables, the only other way to this memory, were replaced by empty ones.
        unsafe { self.buffer.as_mut() }
    }

    /// Returns how the buffer is split.
    pub(super) fn view(&self) -> super::values::Split {
        self.split.view(self.buffer.len() * size_of::<u64>())
    }
}
