//! The figures of esp-alloc's heap, region by region, and what HeapBeacon holds back of it.
//!
//! It needs nothing of a chip but its critical sections, so its test runs wherever esp-alloc does: in QEMU
//! (`heapbeacon-qemu-virt`, program `heaps`).
//!
//! | module | what |
//! |---|---|
//! | `heap` | regions and their figures, and what is held back |
//! | `algorithm` | what a block takes of esp-alloc's heap |
#![no_std]

mod algorithm;
mod heap;

#[doc(hidden)]
pub use heapbeacon_embassy::Lock;
#[doc(hidden)]
pub use heapbeacon_pool::memory_once;

pub use heap::{RESERVE, add_region, gave_back, is_uncounted, lacks_regions, regions, took};
