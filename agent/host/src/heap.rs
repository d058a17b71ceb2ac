//! The process's heap: of fixed size, like a device's.
//!
//! The server has a pool of its own: so the API answers when the firmware's heap is exhausted, and
//! what it needs never shows up as the firmware's.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::{RefCell, UnsafeCell};
use std::mem::MaybeUninit;
use std::ptr::{NonNull, null_mut};

use embassy_sync::blocking_mutex::Mutex;
use heapbeacon_shared::api::{Address, Region};
use rlsf::Tlsf;

use crate::lock::SpinLock;
use crate::tasks;

/// Bytes of the heap that is looked at.
const HEAP_BYTES: usize = 16 << 20;
/// Bytes of the server's own pool; untouched pages of it cost nothing.
const SERVER_BYTES: usize = 64 << 20;

static POOLS: Pools = Pools {
    heap: Pool::new("heap", &HEAP_MEMORY),
    server: Pool::new("server", &SERVER_MEMORY),
};

// Apart from the pools' state: so they are zeroes that the executable's file need not hold.
static HEAP_MEMORY: Memory<HEAP_BYTES> = Memory::new();
static SERVER_MEMORY: Memory<SERVER_BYTES> = Memory::new();

/// Describes both pools.
pub(crate) fn regions() -> [Region; 2] {
    [POOLS.heap.region(), POOLS.server.region()]
}

/// The process's heap, for a `#[global_allocator]`: one pool for the server's threads, one for all
/// others.
#[derive(Debug)]
pub struct Heap;

struct Pools {
    heap: Pool<HEAP_BYTES>,
    server: Pool<SERVER_BYTES>,
}

// SAFETY: each pool hands out disjoint blocks of the asked size and alignment, or null.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if tasks::is_server() {
            POOLS.server.allocate(layout)
        } else {
            POOLS.heap.allocate(layout)
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if POOLS.server.contains(block) {
            // SAFETY: the block came from here, with this layout.
            unsafe { POOLS.server.free(block, layout) }
        } else {
            // SAFETY: it came from the other pool otherwise.
            unsafe { POOLS.heap.free(block, layout) }
        }
    }
}

/// A TLSF heap over memory of its own.
struct Pool<const BYTES: usize> {
    name: &'static str,
    memory: &'static Memory<BYTES>,
    state: Mutex<SpinLock, RefCell<State>>,
}

/// Where blocks lie; only the allocator knows which of it is whose.
#[repr(align(4096))]
struct Memory<const BYTES: usize>(UnsafeCell<[MaybeUninit<u8>; BYTES]>);

// SAFETY: the memory is reached through the allocator's state only, which is behind a lock.
unsafe impl<const BYTES: usize> Sync for Memory<BYTES> {}

impl<const BYTES: usize> Memory<BYTES> {
    const fn new() -> Self {
        Self(UnsafeCell::new([MaybeUninit::uninit(); BYTES]))
    }

    fn bytes(&self) -> NonNull<[u8]> {
        let first = NonNull::from(&self.0).cast::<u8>();
        NonNull::slice_from_raw_parts(first, BYTES)
    }
}

struct State {
    tlsf: Tlsf<'static, u32, u32, 24, 32>,
    /// Bytes that the allocator manages; 0 before its first use.
    size: usize,
    used: usize,
    minimum_free: usize,
    minimum_free_since_read: usize,
}

impl<const BYTES: usize> Pool<BYTES> {
    const fn new(name: &'static str, memory: &'static Memory<BYTES>) -> Self {
        Self {
            name,
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

    fn allocate(&self, layout: Layout) -> *mut u8 {
        self.with(|state| state.allocate(layout))
            .map_or(null_mut(), NonNull::as_ptr)
    }

    /// # Safety
    /// `block` must come from [`allocate`](Self::allocate) with this layout.
    unsafe fn free(&self, block: *mut u8, layout: Layout) {
        let Some(block) = NonNull::new(block) else {
            return;
        };
        self.with(|state| {
            state.used -= cost(layout);
            // SAFETY: as the caller promises.
            unsafe { state.tlsf.deallocate(block, layout.align()) }
        });
    }

    fn contains(&self, block: *mut u8) -> bool {
        let start = self.memory.0.get().addr();
        (start..start + BYTES).contains(&block.addr())
    }

    fn region(&self) -> Region {
        self.with(|state| {
            let free = state.size - state.used;
            let largest = state.largest_free_block();
            let minimum_free_since_read =
                std::mem::replace(&mut state.minimum_free_since_read, free);
            Region {
                name: self.name.try_into().unwrap_or_default(),
                start: Address(self.memory.0.get().addr() as u64),
                size: state.size as u64,
                used: state.used as u64,
                free: free as u64,
                minimum_free: state.minimum_free as u64,
                minimum_free_since_read: minimum_free_since_read as u64,
                largest_free_block: largest as u64,
                fragmentation: (100 - largest * 100 / free.max(1)) as u8,
            }
        })
    }

    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        self.state.lock(|state| {
            let mut state = state.borrow_mut();
            if state.size == 0 {
                state.adopt(self.memory.bytes());
            }
            work(&mut state)
        })
    }
}

impl State {
    fn adopt(&mut self, memory: NonNull<[u8]>) {
        // SAFETY: the memory is a static that nobody else touches.
        let size = unsafe { self.tlsf.insert_free_block_ptr(memory) };
        self.size = size.map_or(0, |size| size.get());
        self.minimum_free = self.size;
        self.minimum_free_since_read = self.size;
    }

    fn allocate(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        let block = self.tlsf.allocate(layout)?;
        self.used += cost(layout);
        let free = self.size - self.used;
        self.minimum_free = self.minimum_free.min(free);
        self.minimum_free_since_read = self.minimum_free_since_read.min(free);
        Some(block)
    }

    /// Finds the largest request that succeeds by trying, for TLSF rounds requests up to its
    /// size classes: the largest hole alone would promise too much.
    fn largest_free_block(&mut self) -> usize {
        let (mut fits, mut fails) = (0, self.size - self.used + 1);
        while fails - fits > 1 {
            let size = fits + (fails - fits) / 2;
            if self.would_fit(size) {
                fits = size;
            } else {
                fails = size;
            }
        }
        fits
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

/// Bytes that a block takes from the pool, header included.
fn cost(layout: Layout) -> usize {
    const HEADER: usize = rlsf::GRANULARITY / 2;
    let padding = layout.align().saturating_sub(HEADER);
    (layout.size() + HEADER + padding).next_multiple_of(rlsf::GRANULARITY)
}
