//! The hooks that esp-alloc calls: for Rust's allocations, and for what the Wi-Fi driver gets from C's `malloc`.
//!
//! esp-alloc calls them outside of its lock, but they may run in an interrupt or in a critical section of somebody
//! else, esp-rtos' included: so nothing here asks the scheduler.

use esp_alloc::export::enumset::EnumSet;
use esp_alloc::{EspHeap, MemoryCapability};
use heapbeacon::hooks;
use heapbeacon::walk::frame_pointer;
#[cfg(feature = "http")]
use heapbeacon_esp_alloc as figures;

use crate::board::Board;

/// A block was handed out, or could not be if its address is 0.
#[unsafe(no_mangle)]
#[inline(never)]
extern "Rust" fn _esp_alloc_alloc(
    _heap: &EspHeap,
    _capabilities: EnumSet<MemoryCapability>,
    address: usize,
    size: usize,
) {
    #[cfg(feature = "http")]
    {
        if figures::is_uncounted() {
            return;
        }
        figures::took(address, size);
    }
    hooks::allocated::<Board>(address, size, frame_pointer());
}

/// A block is about to be taken back.
#[unsafe(no_mangle)]
#[inline(never)]
extern "Rust" fn _esp_alloc_dealloc(_heap: &EspHeap, address: usize, size: usize) {
    #[cfg(feature = "http")]
    if figures::is_uncounted() {
        return;
    }
    // First, for the allocator reads its own notes beside the block, and a pointer that is no block has none.
    hooks::freed::<Board>(address, size, frame_pointer());
    #[cfg(feature = "http")]
    figures::gave_back(address, size);
}
