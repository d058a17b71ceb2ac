//! The figures of a heap: how full each region is, how full it was, and what it would serve; and a TLSF heap of fixed size
//! that keeps them, for boards without esp-alloc.
//!
//! | module | what |
//! |---|---|
//! | `pool` | a heap of one region |
//! | `figures` | what is counted at each block |
//! | `minima` | the fewest free bytes since a moment that a reader names |
//! | `block` | how many bytes a block takes, as the allocator says |
//! | `once` | keeps memory from being given twice |
//! | `largest` | the largest request that each region would serve |
//!
//! ```
//! use core::alloc::Layout;
//! use embassy_sync::blocking_mutex::raw::NoopRawMutex;
//! use heapbeacon_pool::{Memory, Pool};
//! use heapbeacon_shared::trace::Origin;
//!
//! static MEMORY: Memory<4096> = Memory::new();
//! // SAFETY: no other pool has this memory.
//! let bytes = unsafe { MEMORY.bytes() };
//! let pool: Pool<NoopRawMutex> = Pool::new("heap", Origin::Application, bytes);
//! let layout = Layout::new::<[u32; 8]>();
//! let block = pool.allocate(layout);
//! assert!(pool.contains(block) && pool.region(None).used >= 32);
//! // SAFETY: the block came from there, with this layout.
//! unsafe { pool.free(block, layout) };
//! assert_eq!(pool.region(None).used, 0);
//! ```
#![no_std]

mod block;
mod figures;
mod largest;
mod minima;
mod once;
mod pool;

pub use block::tlsf_block_bytes;
pub use figures::{Figures, Place};
pub use largest::{Tried, largest_block, largest_blocks};
pub use minima::Minima;
pub use once::Once;
pub use pool::{Bytes, Memory, Pool};
