//! `realloc` through the hooks of a global allocator, which has none of its own: it allocates, copies and frees.
#![cfg(feature = "tracing")]

use core::mem::MaybeUninit;
use std::alloc::{GlobalAlloc, Layout, System};

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon::cost::CostMeter;
use heapbeacon::hooks::TracedHeap;
use heapbeacon::platform::{Context, Platform, Task};
use heapbeacon::tracer::{CallStack, Mode, Tracer};
use heapbeacon_shared::api::{CostUnit, Device, Region};

/// Bytes beyond which the heap refuses.
const MOST: usize = 1_000;

static TRACER: Tracer<OneThread> = Tracer::new();
static COST: CostMeter = CostMeter::new();
static HEAP: TracedHeap<SmallHeap, Board> = TracedHeap::new(SmallHeap);

/// No lock: the test has one thread.
struct OneThread;

// SAFETY: only one thread of this program calls the tracer, and nothing interrupts it.
unsafe impl RawMutex for OneThread {
    const INIT: Self = Self;

    fn lock<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }
}

enum Board {}

impl Platform for Board {
    type Lock = OneThread;

    fn tracer() -> &'static Tracer<OneThread> {
        &TRACER
    }

    fn cost() -> &'static CostMeter {
        &COST
    }

    fn now_us() -> u64 {
        1_000_000
    }

    fn context() -> Context {
        Context::default()
    }

    fn call_stack(_frame: usize, _stack: &mut CallStack) {}

    fn clock() -> u32 {
        0
    }

    const COST_UNIT: CostUnit = CostUnit::Instructions;

    fn task(_id: u16) -> Option<Task> {
        None
    }

    fn device() -> Device {
        Device::default()
    }

    fn regions() -> heapless::Vec<Region, 4> {
        heapless::Vec::new()
    }
}

struct SmallHeap;

// SAFETY: every call is passed to the system's allocator as it came, or refused.
unsafe impl GlobalAlloc for SmallHeap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match layout.size() > MOST {
            true => core::ptr::null_mut(),
            // SAFETY: the caller's promises are passed on.
            false => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

/// D2 of ESP-IDF's defects: there the record goes before it is known whether the block moves.
#[test]
fn d2_a_realloc_that_fails_leaves_the_record_and_one_that_succeeds_moves_it() {
    let buffer = Box::leak(vec![MaybeUninit::uninit(); 4096].into_boxed_slice());
    let taken = TRACER.init_standalone(buffer, None);
    taken.map_err(|refused| refused.error).unwrap();
    TRACER.start(Mode::Leaks, 0).unwrap();
    let layout = Layout::from_size_align(64, 8).unwrap();
    // SAFETY: the layout has a size.
    let block = unsafe { HEAP.alloc(layout) };

    // SAFETY: the block is of this heap and this layout.
    let refused = unsafe { HEAP.realloc(block, layout, MOST + 1) };
    assert!(refused.is_null());
    let summary = TRACER.summary();
    assert_eq!((summary.live_count, summary.live_bytes), (1, 64));
    assert_eq!(
        (summary.counters.failed, summary.counters.matched_frees),
        (1, 0)
    );
    assert_eq!(TRACER.get(0).unwrap().address, block.addr());

    // SAFETY: as above; the refusal left the block as it was.
    let moved = unsafe { HEAP.realloc(block, layout, 128) };
    let summary = TRACER.summary();
    assert_eq!((summary.live_count, summary.live_bytes), (1, 128));
    assert_eq!(summary.counters.matched_frees, 1);
    assert_eq!(TRACER.get(0).unwrap().address, moved.addr());

    let layout = Layout::from_size_align(128, 8).unwrap();
    // SAFETY: the block is of this heap, and of the layout that it was given last.
    unsafe { HEAP.dealloc(moved, layout) };
    assert_eq!(TRACER.summary().live_count, 0);
}
