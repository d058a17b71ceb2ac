//! Adds memory to esp-alloc's heap, and keeps the figures of its regions.
//!
//! It needs nothing of a chip but its critical sections, so its test runs wherever esp-alloc does: in QEMU
//! (`heapbeacon-qemu-virt`, program `heaps`). Firmware takes it by way of
//! [`heapbeacon-esp32`](https://crates.io/crates/heapbeacon-esp32), which calls it from esp-alloc's hooks.
//!
//! # Features
#![doc = document_features::document_features!()]
//!
//! # Inside
//! | module | what |
//! |---|---|
//! | `memory` | adds memory to the heap |
//! | `regions` | the heap's regions and their figures, and what is held back |
//! | `algorithm` | what a block takes of esp-alloc's heap |
#![no_std]

#[cfg(feature = "figures")]
mod algorithm;
mod memory;
#[cfg(feature = "figures")]
mod regions;

#[doc(hidden)]
pub use heapbeacon_embassy::Lock;
#[doc(hidden)]
pub use heapbeacon_pool::memory_once;

pub use memory::add_region;
#[cfg(feature = "figures")]
pub use regions::{RESERVE, gave_back, is_uncounted, lacks_regions, left, memory, regions, took};
