//! A heap of one region, for boards that bring no allocator of their own.

use core::alloc::Layout;
use core::cell::{RefCell, UnsafeCell};
use core::mem::MaybeUninit;
use core::ptr::{NonNull, null_mut};

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::trace::{Origin, Region, Window};
use rlsf::Tlsf;

use crate::block::tlsf_block_bytes;
use crate::figures::{Figures, Place};
use crate::largest::largest_block;

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

type Heap = Tlsf<'static, u32, u32, 24, 32>;

struct State {
    tlsf: Heap,
    /// `None` before its first use.
    figures: Option<Figures>,
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
                figures: None,
            })),
        }
    }

    /// Hands out a block, or null if there is none.
    pub fn allocate(&self, layout: Layout) -> *mut u8 {
        self.with(|tlsf, figures| {
            let block = tlsf.allocate(layout)?;
            // SAFETY: it was handed out just now.
            let bytes = unsafe { tlsf_block_bytes(block) };
            figures.took(layout.size());
            figures.set_used(figures.used().saturating_add(bytes));
            Some(block)
        })
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
        self.with(|tlsf, figures| {
            // SAFETY: as the caller promises.
            let bytes = unsafe { tlsf_block_bytes(block) };
            figures.gave_back(layout.size());
            figures.set_used(figures.used().saturating_sub(bytes));
            // SAFETY: as the caller promises.
            unsafe { tlsf.deallocate(block, layout.align()) }
        });
    }

    /// Hands out a block that no figure but the used bytes tells of: one that is held back.
    pub fn take_uncounted(&self, bytes: usize) -> Option<NonNull<u8>> {
        let layout = Layout::from_size_align(bytes, 1).ok()?;
        self.with(|tlsf, figures| {
            let block = tlsf.allocate(layout)?;
            // SAFETY: it was handed out just now.
            let taken = unsafe { tlsf_block_bytes(block) };
            figures.set_used(figures.used().saturating_add(taken));
            Some(block)
        })
    }

    /// Takes such a block back.
    ///
    /// # Safety
    /// It must come from [`take_uncounted`](Self::take_uncounted).
    pub unsafe fn give_back_uncounted(&self, block: NonNull<u8>) {
        self.with(|tlsf, figures| {
            // SAFETY: as the caller promises.
            let taken = unsafe { tlsf_block_bytes(block) };
            figures.set_used(figures.used().saturating_sub(taken));
            // SAFETY: as the caller promises; it was taken with this alignment.
            unsafe { tlsf.deallocate(block, 1) }
        });
    }

    /// Checks whether a block lies in this pool.
    pub fn contains(&self, block: *mut u8) -> bool {
        let start = self.memory.first.addr();
        (start..start + self.memory.len).contains(&block.addr())
    }

    /// Describes the pool for a reader; see [`Figures::describe`].
    pub fn region(&self, window: Option<Window>) -> Region {
        let place = Place {
            name: self.name,
            start: self.memory.first.addr(),
            origin: self.origin,
        };
        let largest = self.largest();
        self.with(|_, figures| figures.describe(place, largest, window))
    }

    /// Returns the bytes that are left of it, in all.
    pub fn left(&self) -> usize {
        self.with(|_, figures| figures.free())
    }

    /// Returns the largest request that would succeed, in bytes.
    pub fn largest(&self) -> usize {
        // Each try is a hold of its own, so that nobody waits for all of them.
        largest_block(0, self.memory.len, |bytes| self.would_serve(bytes))
    }

    /// Checks whether a request of so many bytes would succeed. The probe is not counted.
    pub fn would_serve(&self, bytes: usize) -> bool {
        let Ok(layout) = Layout::from_size_align(bytes, 1) else {
            return false;
        };
        self.with(|tlsf, _| {
            let block = tlsf.allocate(layout);
            // SAFETY: the block was allocated just now, with this alignment.
            block.map(|block| unsafe { tlsf.deallocate(block, layout.align()) })
        })
        .is_some()
    }

    fn with<R>(&self, work: impl FnOnce(&mut Heap, &mut Figures) -> R) -> R {
        self.state.lock(|state| {
            let State { tlsf, figures } = &mut *state.borrow_mut();
            let figures = figures.get_or_insert_with(|| adopt(tlsf, self.memory));
            work(tlsf, figures)
        })
    }
}

/// Gives the allocator its memory.
fn adopt(tlsf: &mut Heap, memory: Bytes) -> Figures {
    // SAFETY: it is the address of a static.
    let first = unsafe { NonNull::new_unchecked(memory.first.cast::<u8>()) };
    let memory = NonNull::slice_from_raw_parts(first, memory.len);
    // SAFETY: the memory is a static that nobody else touches.
    let size = unsafe { tlsf.insert_free_block_ptr(memory) };
    Figures::new(size.map_or(0, |size| size.get()))
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
        let before = pool.region(None);
        assert_eq!((before.used, before.free), (0, before.size));
        let block = pool.allocate(BLOCK);
        let during = pool.region(None);
        assert_eq!(during.used + during.free, before.size);
        assert!(during.used >= BLOCK.size() as u64);
        // SAFETY: the block came from there, with this layout.
        unsafe { pool.free(block, BLOCK) };
        let after = pool.region(None);
        assert_eq!((after.used, after.free), (0, before.free));
        assert_eq!(after.minimum_free, during.free);
        assert_eq!((during.blocks, during.requested), (1, BLOCK.size() as u64));
        assert_eq!((after.blocks, after.requested), (0, 0));
    }

    #[test]
    fn a_reader_gets_the_minimum_since_the_answer_that_it_names() {
        static MEMORY: Memory<8192> = Memory::new();
        let pool: Pool<NoopRawMutex> = Pool::new("small", Origin::Application, bytes(&MEMORY));
        let at = |since_us, now_us| pool.region(Some(Window { since_us, now_us }));
        let first = at(0, 1_000_000);
        let block = pool.allocate(BLOCK);
        // SAFETY: the block came from there, with this layout.
        unsafe { pool.free(block, BLOCK) };
        // Another reader, and a capture.
        at(0, 2_000_000);
        pool.region(None);
        let next = at(1_000_000, 3_000_000);
        assert_eq!(next.window_start_us, 1_000_000);
        assert!(next.window_minimum_free < first.free);
        let later = at(3_000_000, 4_000_000);
        assert_eq!(
            (later.window_minimum_free, later.window_start_us),
            (first.free, 3_000_000)
        );
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
        let region = pool.region(None);
        assert!(region.fragmentation > 0 && region.largest_free_block < region.free);
        let layout = |size: u64| Layout::from_size_align(size as usize, 1).expect("it is small");
        assert!(
            pool.allocate(layout(region.largest_free_block + 1))
                .is_null()
        );
        assert!(!pool.allocate(layout(region.largest_free_block)).is_null());
    }
}
