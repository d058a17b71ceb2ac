//! What an allocator calls, as ESP-IDF's does with `CONFIG_HEAP_USE_HOOKS`.

use core::ffi::c_void;

use heapbeacon::hooks;
use heapbeacon::walk::frame_pointer;

use crate::board::Board;

/// Records that a block was handed out, or that there was none if it is null.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn esp_heap_trace_alloc_hook(block: *mut c_void, size: usize, _caps: u32) {
    hooks::allocated::<Board>(block.addr(), size, frame_pointer());
}

/// Records that a block is about to be taken back; null is nothing.
#[unsafe(no_mangle)]
#[inline(never)]
pub extern "C" fn esp_heap_trace_free_hook(block: *mut c_void) {
    hooks::freed::<Board>(block.addr(), 0, frame_pointer());
}
