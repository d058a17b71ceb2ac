//! What an allocator calls: the way from a heap to the tracer.
//!
//! An allocation is recorded **after** it was made, a free **before** it is done: so for each
//! address the order is right even when it is reused on another core at once.
//!
//! A hook is told the frame of the function that calls it, the outermost one of the allocator's own: the call stack
//! begins with who called that one. So it must not be part of its caller; [`TracedHeap`] sees to it.
//! Without the feature `tracing` nothing is left of any of this.

use core::alloc::{GlobalAlloc, Layout};
use core::num::NonZeroUsize;

use heapbeacon_shared::trace::Left;

use crate::platform::Platform;
use crate::tracer::{Allocation, CallStack, FailedAllocation, Free, UnnamedFree};
use crate::walk::frame_pointer;

/// Failed allocations are of one row where less than this lies between them, in microseconds.
const ROW_US: u64 = 10_000;

/// Records that the heap returned `address` for `size` bytes; 0 is a failed allocation.
///
/// `frame` is the caller's own [`frame_pointer`].
#[cfg_attr(not(feature = "tracing"), inline(always))]
pub fn allocated<P: Platform>(address: usize, size: usize, frame: usize) {
    let Some(address) = NonZeroUsize::new(address) else {
        return failed::<P>(size, frame);
    };
    let tracer = P::tracer();
    if !tracer.records_allocations() {
        return;
    }
    let time_us = P::now_us();
    P::cost().measure(time_us, P::clock, || {
        let mut stack = CallStack::new();
        P::call_stack(frame, &mut stack);
        let context = P::context();
        tracer.allocated(&Allocation {
            address,
            size,
            time_us,
            core: context.core,
            task: context.task,
            stack: &stack,
        });
    });
}

/// Finds out who calls, for whatever comes more seldom than an allocation: so the walk is in flash but twice.
#[inline(never)]
fn walk<P: Platform>(frame: usize, stack: &mut CallStack) {
    P::call_stack(frame, stack);
}

/// Records that the heap had no block of `size` bytes, and gives back what was held back of it: the next request may
/// succeed. This one has failed, for the allocator has returned already.
#[cold]
fn failed<P: Platform>(size: usize, frame: usize) {
    let time_us = P::now_us();
    if let Some(black_box) = P::black_box() {
        black_box.failed(time_us);
    }
    let tracer = P::tracer();
    let is_recorded = tracer.records_allocations();
    let left = is_recorded.then(|| left::<P>(time_us)).flatten();
    let gave_reserve = P::reserve().is_some_and(|reserve| reserve.give_back(time_us));
    if !is_recorded {
        return;
    }
    let mut stack = CallStack::new();
    walk::<P>(frame, &mut stack);
    let context = P::context();
    tracer.failed(&FailedAllocation {
        size,
        time_us,
        core: context.core,
        task: context.task,
        stack: &stack,
        gave_reserve,
        left,
    });
}

/// Returns what is left of the heap. A full heap fails hundreds of times a second, and finding its largest block takes dozens of tries: so that
/// is looked for at the first failure of a row.
fn left<P: Platform>(time_us: u64) -> Option<Left> {
    let last_us = P::tracer().last_failure_us();
    let is_first = last_us.is_none_or(|last_us| time_us.saturating_sub(last_us) >= ROW_US);
    P::left(is_first)
}

/// Records that the block at `address` is about to be freed; `size` is 0 where it is not known.
///
/// `frame` is the caller's own [`frame_pointer`].
#[cfg_attr(not(feature = "tracing"), inline(always))]
pub fn freed<P: Platform>(address: usize, size: usize, frame: usize) {
    let tracer = P::tracer();
    if !tracer.is_recording() {
        return;
    }
    P::cost().measure_next(P::clock, || {
        if tracer.wants_free_caller() {
            freed_by_caller::<P>(address, size, frame);
        } else if let Some(free) = tracer.freed_unnamed(address, size) {
            name_free::<P>(free, frame);
        }
    });
}

/// Records a free with its time, its task and its call stack.
#[inline(never)]
fn freed_by_caller<P: Platform>(address: usize, size: usize, frame: usize) {
    let mut stack = CallStack::new();
    walk::<P>(frame, &mut stack);
    let context = P::context();
    P::tracer().freed(&Free {
        address,
        size,
        time_us: P::now_us(),
        core: context.core,
        task: context.task,
        stack: &stack,
    });
}

/// Names a free that has no record, after all: it may be one of a pointer that is no block.
#[cold]
fn name_free<P: Platform>(free: UnnamedFree, frame: usize) {
    let mut stack = CallStack::new();
    walk::<P>(frame, &mut stack);
    P::tracer().name_free(free, P::now_us(), P::context().task, &stack);
}

/// A global allocator whose every block is traced.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/board.rs"));
/// use std::alloc::System;
/// use heapbeacon::hooks::TracedHeap;
///
/// // `Board` implements `Platform`.
/// #[global_allocator]
/// static HEAP: TracedHeap<System, Board> = TracedHeap::new(System);
/// # fn main() {
/// # #[cfg(feature = "tracing")] {
/// # use heapbeacon::tracer::Mode;
/// # let buffer = vec![std::mem::MaybeUninit::uninit(); 4096].leak();
/// # TRACER.init_standalone(buffer, None).map_err(|refused| refused.error).unwrap();
/// # TRACER.start(Mode::Leaks, 0).unwrap();
///
/// let block = vec![0u8; 1234];
/// assert_eq!(TRACER.get(0).unwrap().size, 1234);
/// # drop(block);
/// # }
/// # }
/// ```
///
/// A traced `realloc` is an allocation, a copy and a free, as in esp-alloc: a block that the inner
/// allocator moved could be handed out again before its free is recorded.
pub struct TracedHeap<A, P> {
    heap: A,
    platform: core::marker::PhantomData<fn() -> P>,
}

impl<A, P> TracedHeap<A, P> {
    /// Wraps a heap.
    pub const fn new(heap: A) -> Self {
        Self {
            heap,
            platform: core::marker::PhantomData,
        }
    }

    /// Returns the heap inside; what it is asked for directly is not traced.
    pub fn inner(&self) -> &A {
        &self.heap
    }
}

// SAFETY: every call is passed to the inner allocator as it came; the hooks only look on.
unsafe impl<A: GlobalAlloc, P: Platform> GlobalAlloc for TracedHeap<A, P> {
    #[cfg_attr(feature = "tracing", inline(never))]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        let block = unsafe { self.heap.alloc(layout) };
        allocated::<P>(block.addr(), layout.size(), frame_pointer());
        block
    }

    #[cfg_attr(feature = "tracing", inline(never))]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        let block = unsafe { self.heap.alloc_zeroed(layout) };
        allocated::<P>(block.addr(), layout.size(), frame_pointer());
        block
    }

    #[cfg_attr(feature = "tracing", inline(never))]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        freed::<P>(block.addr(), layout.size(), frame_pointer());
        // SAFETY: the caller's promises are passed on.
        unsafe { self.heap.dealloc(block, layout) }
    }

    #[cfg(not(feature = "tracing"))]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        unsafe { self.heap.realloc(block, layout, new_size) }
    }
}
