//! What a traced allocation and its free cost, in instructions, counted by callgrind.
//!
//! Every benchmark does [`PAIRS`] pairs, so that a pair's cost is the printed number divided by it.

#![allow(missing_docs, reason = "the benchmark macros make public items")]

use std::hint::{black_box, spin_loop};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, Ordering};

use embassy_sync::blocking_mutex::raw::RawMutex;
use gungraun::{library_benchmark, library_benchmark_group, main};
use heapbeacon::tracer::{Allocation, CallStack, Free, Mode, Tracer};

/// Pairs of allocation and free in one benchmark.
const PAIRS: usize = 1000;
/// Distinct call stacks, each with 8 frames.
const STACKS: usize = 64;
const FRAMES: usize = 8;
const BUFFER_BYTES: usize = 512 * 1024;

/// The cheapest lock that keeps threads apart, as a board with threads has it.
struct Spin(AtomicBool);

// SAFETY: only the thread that changed `false` to `true` runs its work before it is `false` again.
unsafe impl RawMutex for Spin {
    const INIT: Self = Self(AtomicBool::new(false));

    fn lock<R>(&self, work: impl FnOnce() -> R) -> R {
        while self.0.swap(true, Ordering::Acquire) {
            spin_loop();
        }
        let result = work();
        self.0.store(false, Ordering::Release);
        result
    }
}

/// A running trace, and the pairs that are to be recorded.
struct Bench {
    tracer: Tracer<Spin>,
    pairs: Vec<(Allocation<'static>, Free<'static>)>,
}

fn bench(mode: Mode, live: usize) -> Bench {
    let tracer = Tracer::new();
    let buffer = Box::leak(vec![MaybeUninit::uninit(); BUFFER_BYTES / 8].into_boxed_slice());
    tracer
        .init_standalone(buffer, Some(8192))
        .map_err(|refused| refused.error)
        .expect("the buffer is large enough");
    tracer.start(mode, 0).expect("it was initialised");
    for block in 0..live {
        tracer.allocated(&allocation(block));
    }
    // Each pair frees a block that is anywhere among the live ones, not only the newest.
    let pairs = (0..PAIRS)
        .map(|pair| (allocation(live + pair), free(pair)))
        .collect();
    Bench { tracer, pairs }
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
        address: address(block),
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

fn leaks(live: usize) -> Bench {
    bench(Mode::Leaks, live)
}

fn all(live: usize) -> Bench {
    bench(Mode::All, live)
}

fn record(bench: Bench) -> Bench {
    for (allocation, free) in &bench.pairs {
        bench.tracer.allocated(black_box(allocation));
        bench.tracer.freed(black_box(free));
    }
    bench
}

#[library_benchmark]
#[bench::live_100(leaks(100))]
#[bench::live_1000(leaks(1000))]
#[bench::live_4000(leaks(4000))]
fn leaks_pair(bench: Bench) -> Bench {
    record(bench)
}

#[library_benchmark]
#[bench::live_1000(all(1000))]
fn all_pair(bench: Bench) -> Bench {
    record(bench)
}

library_benchmark_group!(name = tracer, benchmarks = [leaks_pair, all_pair]);
main!(library_benchmark_groups = tracer);
