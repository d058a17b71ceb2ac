//! Holds the figures of esp-alloc's heap against a walk of it, as its hooks and ours run on a chip.
//!
//! esp-alloc is that of the ESP32-C3, of which it uses nothing but critical sections. It allocates, frees and fails at
//! random; now and then the largest free block, the bytes in use and the blocks are found by other means, and compared
//! with what `GET /heap` would say. Which algorithm esp-alloc has is chosen when this is built
//! (`ESP_ALLOC_CONFIG_HEAP_ALGORITHM`). It prints a line a round, and ends QEMU: with 101 where they differ.
#![no_std]
#![no_main]

use core::alloc::{GlobalAlloc, Layout};

use esp_alloc::export::enumset::EnumSet;
use esp_alloc::{EspHeap, HEAP, MemoryCapability};
use heapbeacon_esp_alloc as figures;
use heapbeacon_qemu_virt::console::exit;
use heapbeacon_qemu_virt::heap::Regions;
use heapbeacon_qemu_virt::println;
use heapbeacon_shared::trace::Region;

/// Of the board; esp-alloc's heap is asked by its name.
#[global_allocator]
static GLOBAL: Regions = Regions;

/// Bytes of the two regions.
const SIZES: [usize; 2] = [24 * 1024, 40 * 1024];
/// What is held back.
const RESERVE: usize = 4 * 1024;
/// The most blocks that are held at once.
const BLOCKS: usize = 192;
const ROUNDS: usize = 40;
/// Allocations and frees of a round.
const STEPS: usize = 100;

#[unsafe(no_mangle)]
extern "Rust" fn _esp_alloc_alloc(
    _heap: &EspHeap,
    _capabilities: EnumSet<MemoryCapability>,
    address: usize,
    size: usize,
) {
    if !figures::is_uncounted() {
        figures::took(address, size);
    }
}

#[unsafe(no_mangle)]
extern "Rust" fn _esp_alloc_dealloc(_heap: &EspHeap, address: usize, size: usize) {
    if !figures::is_uncounted() {
        figures::gave_back(address, size);
    }
}

/// Allocates, frees and compares.
#[riscv_rt::entry]
fn main() -> ! {
    figures::heap_allocator!(size: SIZES[0]);
    figures::heap_allocator!(size: SIZES[1]);
    figures::RESERVE.hold(RESERVE);
    let mut blocks = Blocks::default();
    let mut random = Random(0x1234_5678);
    for round in 0..ROUNDS {
        for _ in 0..STEPS {
            blocks.step(&mut random);
        }
        let regions = figures::regions(None, |_| "region");
        check(&regions, &blocks);
        let [first, second] = [&regions[0], &regions[1]];
        println!("round {round}: {} {} used", first.used, second.used);
    }
    exit(0)
}

/// Compares every figure of the regions with what is known otherwise.
fn check(regions: &[Region], blocks: &Blocks) {
    let counted = HEAP.stats().region_stats;
    let live = regions.iter().map(|region| region.blocks).sum::<u64>();
    assert_eq!(live, blocks.live() as u64, "blocks");
    for (region, counted) in regions.iter().zip(counted.iter().flatten()) {
        // Of TLSF, esp-alloc finds it by a walk through all blocks.
        assert_eq!(region.used as usize, counted.used, "bytes in use");
        assert_eq!(region.size as usize, counted.size, "bytes of the region");
        assert_eq!(region.used + region.free, region.size, "free bytes");
        assert!(region.minimum_free <= region.free, "the fewest free bytes");
    }
    let largest = regions.iter().map(|region| region.largest_free_block).max();
    assert_eq!(largest, Some(largest_served() as u64), "the largest block");
}

/// Asks for every size, from the largest down.
fn largest_served() -> usize {
    let words = SIZES[1] / size_of::<usize>();
    let mut sizes = (1..words).rev().map(|words| words * size_of::<usize>());
    let served = sizes.find(|bytes| {
        let layout = layout(*bytes, size_of::<usize>());
        // SAFETY: the size is not 0.
        let block = unsafe { HEAP.alloc(layout) };
        if block.is_null() {
            return false;
        }
        // SAFETY: it was handed out just now, for this layout.
        unsafe { GlobalAlloc::dealloc(&HEAP, block, layout) };
        true
    });
    served.unwrap_or(0)
}

fn layout(bytes: usize, align: usize) -> Layout {
    Layout::from_size_align(bytes, align).expect("it is small, and aligned to a power of two")
}

/// Blocks that are held.
struct Blocks([Option<(*mut u8, Layout)>; BLOCKS]);

impl Default for Blocks {
    fn default() -> Self {
        Self([None; BLOCKS])
    }
}

impl Blocks {
    fn live(&self) -> usize {
        self.0.iter().flatten().count()
    }

    /// Frees what is in a place, or fills it if it is empty: then and now with more than there is.
    fn step(&mut self, random: &mut Random) {
        let place = &mut self.0[random.below(BLOCKS)];
        if let Some((block, layout)) = place.take() {
            // SAFETY: it is live, and was taken for this layout.
            unsafe { GlobalAlloc::dealloc(&HEAP, block, layout) };
            return;
        }
        let bytes = match random.below(20) {
            0 => 1 + random.below(9000),
            _ => 1 + random.below(500),
        };
        let align = match random.below(8) {
            0 => 1 << random.below(9),
            _ => 4,
        };
        let layout = layout(bytes, align);
        // SAFETY: the size is not 0.
        let block = unsafe { HEAP.alloc(layout) };
        if !block.is_null() {
            *place = Some((block, layout));
        }
    }
}

/// Numbers that differ, and are the same in every run (xorshift, Marsaglia 2003).
struct Random(u32);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % limit
    }
}
