//! What tracing costs a whole process: the demo workload, in instructions.
//!
//! Built without the feature `tracing` it measures the workload alone; `cargo xtask bench` builds
//! it both ways.

#![allow(missing_docs, reason = "the benchmark macros make public items")]

use gungraun::{library_benchmark, library_benchmark_group, main};
use heapbeacon::hooks::TracedHeap;
use heapbeacon::tracer::Mode;
use heapbeacon_host::{Board, Heap, run_workload};

/// Rounds of all jobs of the workload, about 60 allocations each.
const ROUNDS: usize = 500;

#[global_allocator]
static HEAP: TracedHeap<Heap, Board> = TracedHeap::new(Heap);

#[cfg(feature = "tracing")]
#[library_benchmark]
#[bench::stopped(None)]
#[bench::leaks(Some(Mode::Leaks))]
#[bench::all(Some(Mode::All))]
fn traced(mode: Option<Mode>) {
    run_workload(ROUNDS, mode).expect("each benchmark is a process of its own");
}

#[cfg(not(feature = "tracing"))]
#[library_benchmark]
#[bench::none(None)]
fn untraced(mode: Option<Mode>) {
    run_workload(ROUNDS, mode).expect("nothing is traced");
}

#[cfg(feature = "tracing")]
library_benchmark_group!(name = workload, benchmarks = [traced]);
#[cfg(not(feature = "tracing"))]
library_benchmark_group!(name = workload, benchmarks = [untraced]);
main!(library_benchmark_groups = workload);
