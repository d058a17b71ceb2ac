//! Adds memory to esp-alloc's heap.

use core::mem::MaybeUninit;

use esp_alloc::{HeapRegion, MemoryCapability};

/// Adds a region to esp-alloc's heap, as its own macro of this name does, and notes where it is.
///
/// ```ignore
/// heapbeacon_esp32::heap_allocator!(#[esp_hal::ram(reclaimed)] size: 64 * 1024);
/// heapbeacon_esp32::heap_allocator!(size: 36 * 1024);
/// ```
///
/// A region that was added otherwise is traced too, but is missing in `GET /heap`.
///
/// # Panics
/// When the same line runs twice: its memory is the heap's already. And when there are three regions already.
#[macro_export]
macro_rules! heap_allocator {
    ($(#[$attribute:meta])* size: $size:expr) => {
        $crate::add_region($crate::memory_once!(lock: $crate::Lock, $(#[$attribute])* size: $size))
    };
}

/// Adds memory to esp-alloc's heap. [`heap_allocator!`](crate::heap_allocator) makes the memory, too.
///
/// # Panics
/// When there are three regions already.
pub fn add_region(memory: &'static mut [MaybeUninit<u8>]) {
    let start = memory.as_mut_ptr();
    // SAFETY: the memory is static, and from here on the heap's alone.
    let region = unsafe {
        HeapRegion::new(
            start.cast(),
            memory.len(),
            MemoryCapability::Internal.into(),
        )
    };
    #[cfg(feature = "figures")]
    crate::regions::add(region, start.addr());
    #[cfg(not(feature = "figures"))]
    // SAFETY: as above.
    unsafe {
        esp_alloc::HEAP.add_region(region);
    }
}
