//! A TLSF heap of fixed size that knows its figures: what boards without esp-alloc allocate from.
//!
//! ```
//! use core::alloc::Layout;
//! use embassy_sync::blocking_mutex::raw::NoopRawMutex;
//! use heapbeacon_pool::{Memory, Pool};
//! use heapbeacon_shared::api::Origin;
//!
//! static MEMORY: Memory<4096> = Memory::new();
//! // SAFETY: no other pool has this memory.
//! let bytes = unsafe { MEMORY.bytes() };
//! let pool: Pool<NoopRawMutex> = Pool::new("heap", Origin::Application, bytes);
//! let layout = Layout::new::<[u32; 8]>();
//! let block = pool.allocate(layout);
//! assert!(pool.contains(block) && pool.region().used >= 32);
//! // SAFETY: the block came from there, with this layout.
//! unsafe { pool.free(block, layout) };
//! assert_eq!(pool.region().used, 0);
//! ```
#![no_std]

use core::alloc::Layout;
use core::cell::{RefCell, UnsafeCell};
use core::mem::MaybeUninit;
use core::ptr::{NonNull, null_mut};

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::analysis::fragmentation_percent;
use heapbeacon_shared::api::{Address, Origin, Region};
use rlsf::Tlsf;

/// Where the blocks of one pool lie; only its allocator knows which of it is whose.
///
/// Apart from the pool: so it is zeroes that the executable's file need not hold.
#[repr(align(64))]
pub struct Memory<const BYTES: usize>(UnsafeCell<[MaybeUninit<u8>; BYTES]>);

// SAFETY: the memory is reached through the state of a pool only, which is behind a lock.
unsafe impl<const BYTES: usize> Sync for Memory<BYTES> {}

impl<const BYTES: usize> Memory<BYTES> {
    /// Makes memory that nothing uses yet.
    #[allow(
        clippy::new_without_default,
        reason = "it is a static, or it would be far too large for the stack"
    )]
    pub const fn new() -> Self {
        Self(UnsafeCell::new([MaybeUninit::uninit(); BYTES]))
    }

    /// Returns where it lies.
    ///
    /// # Safety
    /// Two pools over the same memory would hand out the same blocks: it is for one [`Pool`].
    pub const unsafe fn bytes(&'static self) -> Bytes {
        Bytes {
            first: self.0.get().cast(),
            len: BYTES,
        }
    }
}

/// Where a [`Memory`] lies.
#[derive(Clone, Copy, Debug)]
pub struct Bytes {
    first: *mut MaybeUninit<u8>,
    len: usize,
}

// SAFETY: it is an address; what lies there is reached through the state of a pool only.
unsafe impl Send for Bytes {}
// SAFETY: as above.
unsafe impl Sync for Bytes {}

/// A heap over memory of its own.
pub struct Pool<M: RawMutex> {
    name: &'static str,
    origin: Origin,
    memory: Bytes,
    state: Mutex<M, RefCell<State>>,
}

struct State {
    tlsf: Tlsf<'static, u32, u32, 24, 32>,
    /// Bytes that the allocator manages; 0 before its first use.
    size: usize,
    used: usize,
    minimum_free: usize,
    minimum_free_since_read: usize,
}

impl<M: RawMutex> Pool<M> {
    /// Makes a pool for the allocations of `origin`, over memory that no other pool has.
    pub const fn new(name: &'static str, origin: Origin, memory: Bytes) -> Self {
        Self {
            name,
            origin,
            memory,
            state: Mutex::new(RefCell::new(State {
                tlsf: Tlsf::new(),
                size: 0,
                used: 0,
                minimum_free: 0,
                minimum_free_since_read: 0,
            })),
        }
    }

    /// Hands out a block, or null if there is none.
    pub fn allocate(&self, layout: Layout) -> *mut u8 {
        self.with(|state| state.allocate(layout))
            .map_or(null_mut(), NonNull::as_ptr)
    }

    /// Takes a block back. A null pointer is nothing.
    ///
    /// # Safety
    /// `block` must come from [`allocate`](Self::allocate) with this layout.
    pub unsafe fn free(&self, block: *mut u8, layout: Layout) {
        let Some(block) = NonNull::new(block) else {
            return;
        };
        self.with(|state| {
            state.used -= block_bytes(block.addr().get(), layout.size());
            // SAFETY: as the caller promises.
            unsafe { state.tlsf.deallocate(block, layout.align()) }
        });
    }

    /// Tells whether a block lies in this pool.
    pub fn contains(&self, block: *mut u8) -> bool {
        let start = self.memory.first.addr();
        (start..start + self.memory.len).contains(&block.addr())
    }

    /// Describes the pool, and begins a new `minimum_free_since_read`.
    pub fn region(&self) -> Region {
        let largest = self.largest_free_block();
        self.with(|state| {
            let free = state.size - state.used;
            let minimum_free_since_read =
                core::mem::replace(&mut state.minimum_free_since_read, free);
            Region {
                name: self.name.try_into().unwrap_or_default(),
                start: Address(self.memory.first.addr() as u64),
                size: state.size as u64,
                used: state.used as u64,
                free: free as u64,
                minimum_free: state.minimum_free as u64,
                minimum_free_since_read: minimum_free_since_read as u64,
                largest_free_block: largest as u64,
                fragmentation: fragmentation_percent(free as u64, largest as u64),
                origin: self.origin,
            }
        })
    }

    /// Finds the largest request that succeeds by trying, for TLSF rounds requests up to its size
    /// classes: the largest hole alone would promise too much. Each try is a hold of the lock of
    /// its own, so that nobody waits for all of them.
    fn largest_free_block(&self) -> usize {
        let (mut fits, mut fails) = (0, self.with(|state| state.size - state.used + 1));
        while fails - fits > 1 {
            let size = fits + (fails - fits) / 2;
            if self.with(|state| state.would_fit(size)) {
                fits = size;
            } else {
                fails = size;
            }
        }
        fits
    }

    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        self.state.lock(|state| {
            let mut state = state.borrow_mut();
            if state.size == 0 {
                state.adopt(self.memory);
            }
            work(&mut state)
        })
    }
}

impl State {
    fn adopt(&mut self, memory: Bytes) {
        // SAFETY: it is the address of a static.
        let first = unsafe { NonNull::new_unchecked(memory.first.cast::<u8>()) };
        let memory = NonNull::slice_from_raw_parts(first, memory.len);
        // SAFETY: the memory is a static that nobody else touches.
        let size = unsafe { self.tlsf.insert_free_block_ptr(memory) };
        self.size = size.map_or(0, |size| size.get());
        self.minimum_free = self.size;
        self.minimum_free_since_read = self.size;
    }

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let block = self.tlsf.allocate(layout)?;
        self.used += block_bytes(block.addr().get(), layout.size());
        let free = self.size - self.used;
        self.minimum_free = self.minimum_free.min(free);
        self.minimum_free_since_read = self.minimum_free_since_read.min(free);
        Some(block)
    }

    fn would_fit(&mut self, size: usize) -> bool {
        let Ok(layout) = Layout::from_size_align(size, 1) else {
            return false;
        };
        let Some(block) = self.tlsf.allocate(layout) else {
            return false;
        };
        // SAFETY: the block was allocated just now, with this alignment.
        unsafe { self.tlsf.deallocate(block, layout.align()) }
        true
    }
}

/// Returns the bytes that TLSF takes for a block of `size` bytes that it has put at `address`, its header included.
///
/// Of a block that is aligned to more than [`rlsf::GRANULARITY`], some padding before it is left out.
#[inline(always)]
pub fn block_bytes(address: usize, size: usize) -> usize {
    const HEADER: usize = rlsf::GRANULARITY / 2;
    // Blocks begin at multiples of the granularity, and so does what pads them.
    let start = (address - HEADER) & !(rlsf::GRANULARITY - 1);
    (address + size).next_multiple_of(rlsf::GRANULARITY) - start
}

#[cfg(test)]
mod tests {
    use super::*;
    use embassy_sync::blocking_mutex::raw::NoopRawMutex;

    const BLOCK: Layout = Layout::new::<[u64; 16]>();

    fn bytes(memory: &'static Memory<8192>) -> Bytes {
        // SAFETY: each test has a memory of its own.
        unsafe { memory.bytes() }
    }

    #[test]
    fn figures_follow_what_is_handed_out_and_taken_back() {
        static MEMORY: Memory<8192> = Memory::new();
        let pool: Pool<NoopRawMutex> = Pool::new("small", Origin::Application, bytes(&MEMORY));
        let before = pool.region();
        assert_eq!((before.used, before.free), (0, before.size));
        let block = pool.allocate(BLOCK);
        let during = pool.region();
        assert_eq!(during.used + during.free, before.size);
        assert!(during.used >= BLOCK.size() as u64);
        // SAFETY: the block came from there, with this layout.
        unsafe { pool.free(block, BLOCK) };
        let after = pool.region();
        assert_eq!((after.used, after.free), (0, before.free));
        assert_eq!(after.minimum_free, during.free);
        assert_eq!(after.minimum_free_since_read, during.free);
        assert_eq!(pool.region().minimum_free_since_read, after.free);
    }

    #[test]
    fn a_block_takes_as_many_bytes_as_the_allocator_says() {
        static MEMORY: Memory<8192> = Memory::new();
        let mut tlsf = Tlsf::<u32, u32, 24, 32>::new();
        let memory = NonNull::slice_from_raw_parts(
            NonNull::from(&MEMORY).cast::<u8>(),
            size_of_val(&MEMORY),
        );
        // SAFETY: the memory is this test's alone.
        let size = unsafe { tlsf.insert_free_block_ptr(memory) }.expect("it is large enough");
        let managed = NonNull::slice_from_raw_parts(memory.cast(), size.get());
        let mut expected = 0;
        for (size, align) in [
            (1, 1),
            (4, 4),
            (24, 8),
            (25, 8),
            (100, 16),
            (64, 32),
            (7, 16),
        ] {
            let layout = Layout::from_size_align(size, align).expect("it is small");
            let block = tlsf.allocate(layout).expect("there is room");
            expected += block_bytes(block.addr().get(), size);
            // SAFETY: it is the memory that the allocator was given.
            let blocks = unsafe { tlsf.iter_blocks(managed) };
            let used = blocks.filter(|block| block.is_occupied());
            assert_eq!(used.map(|block| block.size()).sum::<usize>(), expected);
        }
    }

    #[test]
    fn the_largest_free_block_can_be_had_and_no_larger_one() {
        static MEMORY: Memory<8192> = Memory::new();
        let pool: Pool<NoopRawMutex> = Pool::new("holes", Origin::Application, bytes(&MEMORY));
        let blocks: [_; 40] = core::array::from_fn(|_| pool.allocate(BLOCK));
        for block in blocks.iter().step_by(2) {
            // SAFETY: the block came from there, with this layout.
            unsafe { pool.free(*block, BLOCK) };
        }
        let region = pool.region();
        assert!(region.fragmentation > 0 && region.largest_free_block < region.free);
        let layout = |size: u64| Layout::from_size_align(size as usize, 1).expect("it is small");
        assert!(
            pool.allocate(layout(region.largest_free_block + 1))
                .is_null()
        );
        assert!(!pool.allocate(layout(region.largest_free_block)).is_null());
    }
}
