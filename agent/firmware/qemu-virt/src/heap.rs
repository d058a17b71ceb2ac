//! The heap: two regions, as devices often have, of which the first is used as long as it has room.

use core::alloc::{GlobalAlloc, Layout};

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use heapbeacon_pool::{Memory, Pool};
use heapbeacon_shared::api::{Origin, Region};

static FAST_MEMORY: Memory<{ 64 << 10 }> = Memory::new();
static LARGE_MEMORY: Memory<{ 192 << 10 }> = Memory::new();

// SAFETY: no other pool has this memory.
static FAST: Pool<CriticalSectionRawMutex> =
    Pool::new("fast", Origin::Application, unsafe { FAST_MEMORY.bytes() });
// SAFETY: no other pool has this memory.
static LARGE: Pool<CriticalSectionRawMutex> = Pool::new("large", Origin::Application, unsafe {
    LARGE_MEMORY.bytes()
});

/// Describes both regions.
pub fn regions() -> [Region; 2] {
    [FAST.region(), LARGE.region()]
}

/// The heap, for a `#[global_allocator]`.
pub struct Regions;

// SAFETY: each region hands out disjoint blocks of the asked size and alignment, or null.
unsafe impl GlobalAlloc for Regions {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let block = FAST.allocate(layout);
        if block.is_null() {
            LARGE.allocate(layout)
        } else {
            block
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let region = if FAST.contains(block) { &FAST } else { &LARGE };
        // SAFETY: the block came from there, with this layout.
        unsafe { region.free(block, layout) }
    }
}
