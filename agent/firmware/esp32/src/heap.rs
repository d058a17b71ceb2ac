//! The regions of esp-alloc's heap, and their figures.
//!
//! esp-alloc can tell how much of a region is used, by looking at each of its blocks with interrupts off; not what it was
//! at worst, where the region lies, or how large a block can be had. So all figures are kept here, and the last one is
//! found by trying.

use core::alloc::{GlobalAlloc, Layout};
use core::mem::MaybeUninit;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use esp_alloc::{HEAP, HeapRegion, MemoryCapability};
use heapbeacon_pool::block_bytes;
use heapbeacon_shared::analysis::fragmentation_percent;
use heapbeacon_shared::api::{Address, Origin, Region};

use crate::stack;

/// Regions that esp-alloc's heap may have.
const MOST: usize = 3;

/// In bytes, what blocks of TLSF, which esp-alloc uses unless told otherwise, are multiples of.
const GRANULARITY: usize = 4 * size_of::<usize>();
/// In bytes, what TLSF puts before each block.
const HEADER: usize = GRANULARITY / 2;

/// Blocks that are held while the largest one of each region is looked for.
const HELD: usize = 4;

static REGIONS: [Figures; MOST] = [const { Figures::new() }; MOST];
/// Whether blocks are tried for, which the hooks take no notice of.
static TRYING: AtomicBool = AtomicBool::new(false);

/// One region: where it is, and how full. Written in critical sections only: the ESP32-C3 can't add in one step.
struct Figures {
    start: AtomicUsize,
    /// In bytes; 0 while there is no such region.
    size: AtomicUsize,
    used: AtomicUsize,
    most_used: AtomicUsize,
    most_used_since_read: AtomicUsize,
}

/// Adds a region to esp-alloc's heap, as its own macro of this name does, and notes where it is.
///
/// ```ignore
/// heapbeacon_esp32::heap_allocator!(#[esp_hal::ram(reclaimed)] size: 64 * 1024);
/// heapbeacon_esp32::heap_allocator!(size: 36 * 1024);
/// ```
///
/// A region that was added otherwise is traced too, but is missing in `GET /heap`.
#[macro_export]
macro_rules! heap_allocator {
    ($(#[$attribute:meta])* size: $size:expr) => {{
        $(#[$attribute])*
        static mut MEMORY: ::core::mem::MaybeUninit<[u8; $size]> = ::core::mem::MaybeUninit::uninit();
        // SAFETY: the static is visible here alone, where a program comes by once, before it allocates.
        let memory = unsafe { ::core::slice::from_raw_parts_mut((&raw mut MEMORY).cast(), $size) };
        $crate::add_region(memory);
    }};
}

/// Adds memory to esp-alloc's heap. [`heap_allocator!`](crate::heap_allocator) makes the memory, too.
///
/// # Panics
/// When there are three regions already.
pub fn add_region(memory: &'static mut [MaybeUninit<u8>]) {
    let start = memory.as_mut_ptr();
    // SAFETY: the memory is static, and from here on the heap's alone.
    let region = unsafe {
        HeapRegion::new(
            start.cast(),
            memory.len(),
            MemoryCapability::Internal.into(),
        )
    };
    let size = region.stats().size;
    // SAFETY: as above.
    unsafe { HEAP.add_region(region) };
    let free = REGIONS.iter().find(|region| region.size() == 0);
    if let Some(figures) = free {
        figures.start.store(start.addr(), Relaxed);
        figures.size.store(size, Relaxed);
    }
}

/// Counts a block that was handed out.
#[inline(always)]
pub(crate) fn took(address: usize, size: usize) {
    critical_section::with(|_| {
        if let Some(region) = region_of(address) {
            region.set_used(region.used.load(Relaxed) + block_bytes(address, size));
        }
    });
}

/// Counts a block that is taken back.
#[inline(always)]
pub(crate) fn gave_back(address: usize, size: usize) {
    critical_section::with(|_| {
        if let Some(region) = region_of(address) {
            let used = region.used.load(Relaxed);
            let left = used.saturating_sub(block_bytes(address, size));
            region.used.store(left, Relaxed);
        }
    });
}

/// Tells whether a block is only tried for.
#[inline(always)]
pub(crate) fn is_trying() -> bool {
    TRYING.load(Relaxed)
}

/// Returns how many regions are known.
pub(crate) fn regions_known() -> usize {
    REGIONS.iter().filter(|region| region.size() > 0).count()
}

/// Describes every region, and begins a new `minimum_free_since_read` for each.
pub(crate) fn regions() -> heapless::Vec<Region, 4> {
    let largest = critical_section::with(|_| {
        TRYING.store(true, Relaxed);
        let largest = largest_blocks();
        TRYING.store(false, Relaxed);
        largest
    });
    let known = REGIONS.iter().zip(largest);
    known
        .filter(|(region, _)| region.size() > 0)
        .map(|(region, largest)| region.describe(largest))
        .collect()
}

impl Figures {
    const fn new() -> Self {
        Self {
            start: AtomicUsize::new(0),
            size: AtomicUsize::new(0),
            used: AtomicUsize::new(0),
            most_used: AtomicUsize::new(0),
            most_used_since_read: AtomicUsize::new(0),
        }
    }

    #[inline(always)]
    fn size(&self) -> usize {
        self.size.load(Relaxed)
    }

    #[inline(always)]
    fn range(&self) -> Range<usize> {
        let start = self.start.load(Relaxed);
        start..start + self.size()
    }

    #[inline(always)]
    fn set_used(&self, used: usize) {
        self.used.store(used, Relaxed);
        raise(&self.most_used, used);
        raise(&self.most_used_since_read, used);
    }

    fn describe(&self, largest: usize) -> Region {
        let size = self.size();
        let (used, worst, worst_since_read) = critical_section::with(|_| {
            let used = self.used.load(Relaxed);
            let worst_since_read = self.most_used_since_read.load(Relaxed);
            self.most_used_since_read.store(used, Relaxed);
            (used, self.most_used.load(Relaxed), worst_since_read)
        });
        let free = size.saturating_sub(used);
        Region {
            name: self.name().try_into().unwrap_or_default(),
            start: Address(self.start.load(Relaxed) as u64),
            size: size as u64,
            used: used as u64,
            free: free as u64,
            minimum_free: size.saturating_sub(worst) as u64,
            minimum_free_since_read: size.saturating_sub(worst_since_read) as u64,
            largest_free_block: largest.min(free) as u64,
            fragmentation: fragmentation_percent(free as u64, largest as u64),
            origin: Origin::Application,
        }
    }

    fn name(&self) -> &'static str {
        if self.start.load(Relaxed) < stack::main_stack().end {
            "internal"
        } else {
            "reclaimed"
        }
    }
}

#[inline(always)]
fn raise(most: &AtomicUsize, value: usize) {
    most.store(most.load(Relaxed).max(value), Relaxed);
}

#[inline(always)]
fn region_of(address: usize) -> Option<&'static Figures> {
    REGIONS
        .iter()
        .find(|region| region.range().contains(&address))
}

/// Finds the largest block of each region; call it in a critical section.
///
/// The heap serves a request from the first region that can, so trying finds the largest block of all regions
/// together. It is held, and the next try finds the largest of what is left. That ends after a few blocks: a region all
/// of whose blocks are smaller is then said to have one as large as the last of them.
fn largest_blocks() -> [usize; MOST] {
    let mut held = heapless::Vec::<Block, HELD>::new();
    let mut found = [None; MOST];
    let mut bound = REGIONS.iter().map(Figures::size).max().unwrap_or(0);
    while REGIONS
        .iter()
        .zip(&found)
        .any(|(region, found)| region.size() > 0 && found.is_none())
    {
        let Some(block) = Block::largest(bound) else {
            bound = 0;
            break;
        };
        bound = block.layout.size();
        let holds = |region: &Figures| region.range().contains(&block.address.addr());
        if let Some(region) = REGIONS.iter().position(holds) {
            found[region].get_or_insert(bound);
        }
        if held.push(block).is_err() {
            break;
        }
    }
    found.map(|found| found.unwrap_or(bound))
}

/// A block that is tried for; it goes back when it goes.
struct Block {
    address: *mut u8,
    layout: Layout,
}

impl Block {
    /// Takes the largest block of at most so many bytes, or `None` if there is none at all.
    fn largest(bound: usize) -> Option<Self> {
        let (mut fits, mut fails) = (0, bound / GRANULARITY + 2);
        while fails - fits > 1 {
            let size = fits + (fails - fits) / 2;
            if Self::take(size).is_some() {
                fits = size;
            } else {
                fails = size;
            }
        }
        Self::take(fits)
    }

    /// Takes a block that fills so many granules together with its header.
    fn take(granules: usize) -> Option<Self> {
        let size = (granules * GRANULARITY).checked_sub(HEADER)?;
        let layout = Layout::from_size_align(size, 1).ok()?;
        // SAFETY: there is no such size as 0.
        let address = unsafe { HEAP.alloc(layout) };
        (!address.is_null()).then_some(Self { address, layout })
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: it came from there, with this layout.
        unsafe { HEAP.dealloc(self.address, self.layout) }
    }
}
