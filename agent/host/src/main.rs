//! The agent as a Linux process: `heapbeacon-host --help` says what it takes.

use std::process::ExitCode;

use heapbeacon::hooks::TracedHeap;
use heapbeacon_host::{Board, Heap};

#[global_allocator]
static HEAP: TracedHeap<Heap, Board> = TracedHeap::new(Heap);

fn main() -> ExitCode {
    heapbeacon_host::main(std::env::args_os())
}
