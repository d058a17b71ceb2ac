//! Panics, so that a test sees what QEMU ends with then.
#![no_std]
#![no_main]

use heapbeacon::hooks::TracedHeap;
use heapbeacon_qemu_virt::Board;
use heapbeacon_qemu_virt::heap::Regions;

#[global_allocator]
static HEAP: TracedHeap<Regions, Board> = TracedHeap::new(Regions);

/// Panics.
#[riscv_rt::entry]
fn main() -> ! {
    panic!("as it was told to")
}
