//! The heap: two regions, as devices often have, of which the first is used as long as it has room.
//!
//! The network card's frames come from it, too, as a Wi-Fi driver's do: so there is a reserve.

use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use heapbeacon::memory::{Area, AreaKind, addresses};
use heapbeacon::reserve::{Reserve, Source};
use heapbeacon_embassy::Lock;
use heapbeacon_pool::{Memory, Pool};
use heapbeacon_shared::trace::{Left, Origin, Region, Window};

static FAST_MEMORY: Memory<{ 64 << 10 }> = Memory::new();
static LARGE_MEMORY: Memory<{ 192 << 10 }> = Memory::new();

// SAFETY: no other pool has this memory.
static FAST: Pool<CriticalSectionRawMutex> =
    Pool::new("fast", Origin::Application, unsafe { FAST_MEMORY.bytes() });
// SAFETY: no other pool has this memory.
static LARGE: Pool<CriticalSectionRawMutex> = Pool::new("large", Origin::Application, unsafe {
    LARGE_MEMORY.bytes()
});

/// What is held back for the network card.
pub static RESERVE: Reserve<Lock> = Reserve::new(&Spare);

/// Where the reserve comes from: the region that has room to spare.
struct Spare;

impl Source for Spare {
    fn would_serve(&self, bytes: usize) -> bool {
        LARGE.would_serve(bytes)
    }

    fn take(&self, bytes: usize) -> Option<NonNull<u8>> {
        LARGE.take_uncounted(bytes)
    }

    unsafe fn give_back(&self, block: NonNull<u8>, _bytes: usize) {
        // SAFETY: as the caller promises.
        unsafe { LARGE.give_back_uncounted(block) }
    }
}

/// Describes both regions.
pub fn regions(window: Option<Window>) -> [Region; 2] {
    [FAST.region(window), LARGE.region(window)]
}

/// Returns what is left of both regions, as an allocation has failed.
pub fn left(with_largest: bool) -> Left {
    Left {
        free: (FAST.left() + LARGE.left()) as u64,
        largest_free_block: with_largest.then(|| FAST.largest().max(LARGE.largest()) as u64),
    }
}

/// Memory areas that [`area`] describes.
pub const AREAS: usize = 2;

/// Describes the memory of a region for scans.
pub fn area(index: usize) -> Option<Area> {
    let (name, memory) = match index {
        0 => ("fast", addresses(&FAST_MEMORY)),
        1 => ("large", addresses(&LARGE_MEMORY)),
        _ => return None,
    };
    // SAFETY: a static is RAM for ever.
    Some(unsafe { Area::new(AreaKind::Heap, name, memory) })
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
