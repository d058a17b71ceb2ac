//! What a traced allocation and its free cost, in instructions, counted by callgrind.
//!
//! The lock is the board's and is not counted here. Every benchmark does [`PAIRS`] pairs, so that
//! a pair's cost is the printed number divided by it.

#![allow(missing_docs, reason = "the benchmark macros make public items")]

use std::mem::MaybeUninit;
use std::num::NonZeroUsize;

use embassy_sync::blocking_mutex::raw::RawMutex;
use gungraun::{library_benchmark, library_benchmark_group, main};
use heapbeacon::tracer::{Allocation, CallStack, EventRing, Free, Mode, Tracer};

/// Pairs of allocation and free in one benchmark.
const PAIRS: usize = 1000;
/// Distinct call stacks, each with 8 frames.
const STACKS: usize = 64;
const FRAMES: usize = 8;
const BUFFER_BYTES: usize = 512 * 1024;

/// Records only live blocks.
const LEAKS: u8 = 0;
/// Records freed blocks, too.
const ALL: u8 = 1;
/// Records live blocks, and tells hosts.
const TO_HOST: u8 = 2;
/// As [`LEAKS`], of allocations alone.
const LEAKS_ALLOCATED: u8 = 3;
/// As [`TO_HOST`], of allocations alone.
const TO_HOST_ALLOCATED: u8 = 4;

static EVENTS: EventRing<1024> = EventRing::new();

/// No lock, always part of the code that takes it, as that of a firmware is. There is one for each way, so that the code of
/// each tracer is called from one place.
struct Unlocked<const WAY: u8>;

// SAFETY: a benchmark has one thread, and nothing interrupts it.
unsafe impl<const WAY: u8> RawMutex for Unlocked<WAY> {
    const INIT: Self = Self;

    #[inline(always)]
    fn lock<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }
}

/// A running trace, and the pairs that are to be recorded.
struct Bench<const WAY: u8> {
    tracer: Tracer<Unlocked<WAY>>,
    pairs: Vec<(Allocation<'static>, Free<'static>)>,
}

fn bench<const WAY: u8>(live: usize) -> Bench<WAY> {
    let mode = if WAY == ALL { Mode::All } else { Mode::Leaks };
    let tracer = Tracer::new();
    let buffer = Box::leak(vec![MaybeUninit::uninit(); BUFFER_BYTES / 8].into_boxed_slice());
    tracer
        .init_standalone(buffer, Some(8192))
        .map_err(|refused| refused.error)
        .expect("the buffer is large enough");
    if matches!(WAY, TO_HOST | TO_HOST_ALLOCATED) {
        tracer.init_tohost(&EVENTS).expect("it is not recording");
    }
    tracer.start(mode, 0).expect("it was initialised");
    let nothing = Free {
        address: 0,
        ..free(0)
    };
    let kept = (0..live)
        .map(|block| (allocation(block), nothing))
        .collect();
    let filled = record(Bench {
        tracer,
        pairs: kept,
    });
    // Each pair frees a block that is anywhere among the live ones, not only the newest.
    let pairs = (0..PAIRS)
        .map(|pair| (allocation(live + pair), free(pair)))
        .collect();
    Bench { pairs, ..filled }
}

/// Calls the tracer from one place, as each hook does in a firmware. In all mode, frees say who frees and when.
#[inline(never)]
fn record<const WAY: u8>(bench: Bench<WAY>) -> Bench<WAY> {
    for (allocation, free) in &bench.pairs {
        bench.tracer.allocated(allocation);
        match WAY {
            LEAKS | TO_HOST => {
                bench.tracer.freed_unnamed(free.address, free.size);
            }
            ALL => {
                bench.tracer.freed(free);
            }
            _ => {}
        }
    }
    bench
}

fn stack(block: usize) -> &'static CallStack {
    let first = 0x5555_0000 + block % STACKS * 0x1c;
    Box::leak(Box::new(
        (0..FRAMES).map(|frame| first + frame * 0x140).collect(),
    ))
}

/// Where a block lies: spread like the blocks of a heap, not like an array.
fn address(block: usize) -> usize {
    0x7f00_0000_0000 + block * 128 + (block * block % 7) * 16
}

fn allocation(block: usize) -> Allocation<'static> {
    Allocation {
        address: NonZeroUsize::new(address(block)).expect("null is no block"),
        size: 48,
        time_us: block as u64 * 3,
        core: 0,
        task: 1,
        stack: stack(block),
    }
}

fn free(block: usize) -> Free<'static> {
    Free {
        address: address(block),
        size: 48,
        time_us: block as u64 * 3 + 50_000,
        core: 0,
        task: 1,
        stack: stack(block + 1),
    }
}

fn leaks(live: usize) -> Bench<LEAKS> {
    bench(live)
}

fn all(live: usize) -> Bench<ALL> {
    bench(live)
}

fn to_host(live: usize) -> Bench<TO_HOST> {
    bench(live)
}

#[library_benchmark]
#[bench::live_100(leaks(100))]
#[bench::live_1000(leaks(1000))]
#[bench::live_4000(leaks(4000))]
fn leaks_pair(bench: Bench<LEAKS>) -> Bench<LEAKS> {
    record(bench)
}

#[library_benchmark]
#[bench::live_1000(all(1000))]
fn all_pair(bench: Bench<ALL>) -> Bench<ALL> {
    record(bench)
}

#[library_benchmark]
#[bench::live_1000(to_host(1000))]
fn to_host_pair(bench: Bench<TO_HOST>) -> Bench<TO_HOST> {
    record(bench)
}

#[library_benchmark]
#[bench::live_1000(bench(1000))]
fn leaks_allocation(bench: Bench<LEAKS_ALLOCATED>) -> Bench<LEAKS_ALLOCATED> {
    record(bench)
}

#[library_benchmark]
#[bench::live_1000(bench(1000))]
fn to_host_allocation(bench: Bench<TO_HOST_ALLOCATED>) -> Bench<TO_HOST_ALLOCATED> {
    record(bench)
}

library_benchmark_group!(
    name = tracer,
    benchmarks = [
        leaks_pair,
        all_pair,
        to_host_pair,
        leaks_allocation,
        to_host_allocation
    ]
);
main!(library_benchmark_groups = tracer);
