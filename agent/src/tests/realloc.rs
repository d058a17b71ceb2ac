//! `realloc` through the hooks of a global allocator, which has none of its own: it allocates, copies and frees.

use std::alloc::{GlobalAlloc, Layout, System};

use super::board::Board;
use crate::hooks::TracedHeap;
use crate::platform::Platform;

/// Bytes beyond which the heap refuses.
const MOST: usize = 1_000;

static HEAP: TracedHeap<SmallHeap, Board> = TracedHeap::new(SmallHeap);

struct SmallHeap;

// SAFETY: every call is passed to the system's allocator as it came, or refused.
unsafe impl GlobalAlloc for SmallHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match layout.size() > MOST {
            true => core::ptr::null_mut(),
            // SAFETY: the caller's promises are passed on.
            false => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

/// D2 of ESP-IDF's defects: there the record goes before it is known whether the block moves.
#[test]
fn d2_a_realloc_that_fails_leaves_the_record_and_one_that_succeeds_moves_it() {
    Board::trace();
    let tracer = Board::tracer();
    let layout = Layout::from_size_align(64, 8).unwrap();
    // SAFETY: the layout has a size.
    let block = unsafe { HEAP.alloc(layout) };

    // SAFETY: the block is of this heap and this layout.
    let refused = unsafe { HEAP.realloc(block, layout, MOST + 1) };
    assert!(refused.is_null());
    let summary = tracer.summary();
    assert_eq!((summary.live_count, summary.live_bytes), (1, 64));
    assert_eq!((summary.failed_allocations, summary.matched_frees), (1, 0));
    assert_eq!(tracer.get(0).unwrap().address.0 as usize, block.addr());

    // SAFETY: as above; the refusal left the block as it was.
    let moved = unsafe { HEAP.realloc(block, layout, 128) };
    let summary = tracer.summary();
    assert_eq!((summary.live_count, summary.live_bytes), (1, 128));
    assert_eq!(summary.matched_frees, 1);
    assert_eq!(tracer.get(0).unwrap().address.0 as usize, moved.addr());

    let layout = Layout::from_size_align(128, 8).unwrap();
    // SAFETY: the block is of this heap, and of the layout that it was given last.
    unsafe { HEAP.dealloc(moved, layout) };
    assert_eq!(tracer.summary().live_count, 0);
}
