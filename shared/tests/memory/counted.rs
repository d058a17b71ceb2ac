//! Counts the bytes that a thread has on the heap.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static BYTES: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

struct Counted;

#[global_allocator]
static HEAP: Counted = Counted;

fn count(bytes: isize) {
    let now = BYTES.get() + bytes;
    BYTES.set(now);
    PEAK.set(PEAK.get().max(now));
}

// SAFETY: `System` does it all; counting allocates nothing.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Runs code and returns the most bytes that it had at once beyond those before.
pub(crate) fn peak<T>(code: impl FnOnce() -> T) -> (usize, T) {
    let before = BYTES.get();
    PEAK.set(before);
    let result = code();
    let peak = PEAK.get() - before;
    (usize::try_from(peak).unwrap_or(0), result)
}
