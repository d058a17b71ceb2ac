//! The process's heap: of fixed size, like a device's.
//!
//! The server has a pool of its own: so the API answers when the firmware's heap is exhausted, and
//! what it needs never shows up as the firmware's.

use std::alloc::{GlobalAlloc, Layout};
use std::ops::Range;

use heapbeacon::memory::addresses;
use heapbeacon_pool::{Memory, Pool};
use heapbeacon_shared::trace::{Left, Origin, Region, Window};

use crate::lock::SpinLock;
use crate::tasks;

static HEAP_MEMORY: Memory<{ 16 << 20 }> = Memory::new();
/// Untouched pages of it cost nothing.
static SERVER_MEMORY: Memory<{ 64 << 20 }> = Memory::new();

static HEAP: Pool<SpinLock> =
    // SAFETY: no other pool has this memory.
    Pool::new("heap", Origin::Application, unsafe { HEAP_MEMORY.bytes() });
static SERVER: Pool<SpinLock> =
    // SAFETY: no other pool has this memory.
    Pool::new("server", Origin::Agent, unsafe { SERVER_MEMORY.bytes() });

/// Returns where the process's heap is.
pub(crate) fn application() -> Range<usize> {
    addresses(&HEAP_MEMORY)
}

/// Returns where the server's pool is.
pub(crate) fn server() -> Range<usize> {
    addresses(&SERVER_MEMORY)
}

/// Describes both pools.
pub(crate) fn regions(window: Option<Window>) -> [Region; 2] {
    [HEAP.region(window), SERVER.region(window)]
}

/// Returns what is left of the process's heap, as an allocation of it has failed.
pub(crate) fn left(with_largest: bool) -> Left {
    Left {
        free: HEAP.left() as u64,
        largest_free_block: with_largest.then(|| HEAP.largest() as u64),
    }
}

/// The process's heap, for a `#[global_allocator]`: one pool for the server's threads, one for all
/// others.
#[derive(Debug)]
pub struct Heap;

// SAFETY: each pool hands out disjoint blocks of the asked size and alignment, or null.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if tasks::is_server() {
            SERVER.allocate(layout)
        } else {
            HEAP.allocate(layout)
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if SERVER.contains(block) {
            // SAFETY: the block came from here, with this layout.
            unsafe { SERVER.free(block, layout) }
        } else {
            // SAFETY: it came from the other pool otherwise.
            unsafe { HEAP.free(block, layout) }
        }
    }
}
