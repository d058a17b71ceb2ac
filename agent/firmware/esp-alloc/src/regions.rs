//! The regions of esp-alloc's heap, and their figures.
//!
//! esp-alloc tells how much of a region is used, but not what it was at worst, where the region lies, how many blocks it
//! has handed out, or how large a block can be had. So all that is kept here, counted at each block; what a block takes is
//! [`algorithm`]'s to say; and the largest one is found by trying.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::RefCell;
use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use embassy_sync::blocking_mutex::Mutex;
use esp_alloc::{HEAP, HeapRegion, HeapStats};
use heapbeacon::reserve::{Reserve, Source};
use heapbeacon_embassy::Lock;
use heapbeacon_pool::{Figures, Place, Tried, largest_blocks};
use heapbeacon_shared::trace::{Left, Origin, Region, Window};

use crate::algorithm;

/// Regions that esp-alloc's heap may have.
const MOST: usize = 3;

/// What is held back for the Wi-Fi driver.
pub static RESERVE: Reserve<Lock> = Reserve::new(&EspAlloc);

static REGIONS: Mutex<Lock, RefCell<heapless::Vec<Known, MOST>>> =
    Mutex::new(RefCell::new(heapless::Vec::new()));
/// Whether probes are made or a block is held back, which hooks ignore. Set in critical sections only.
static UNCOUNTED: AtomicBool = AtomicBool::new(false);

/// A region whose place is known.
struct Known {
    start: usize,
    /// Its number among esp-alloc's, which may have others.
    number: usize,
    figures: Figures,
}

/// Adds a region to esp-alloc's heap, and notes that it begins at `start`.
pub(crate) fn add(region: HeapRegion, start: usize) {
    let size = region.stats().size;
    critical_section::with(|_| {
        let before = HEAP.stats();
        // SAFETY: its memory is the heap's alone, as who made the region has promised.
        unsafe { HEAP.add_region(region) };
        let Some(number) = added(&before, &HEAP.stats()) else {
            return;
        };
        let known = Known {
            start,
            number,
            figures: Figures::new(size),
        };
        // There is room for all that esp-alloc takes.
        let _ = REGIONS.lock(|regions| regions.borrow_mut().push(known).is_ok());
    });
}

/// Returns the number of the region that was added.
fn added(before: &HeapStats, after: &HeapStats) -> Option<usize> {
    let mut regions = before.region_stats.iter().zip(&after.region_stats);
    regions.position(|(before, after)| before.is_none() && after.is_some())
}

/// Counts a block that was handed out: its address, and the bytes that were asked for.
#[inline(always)]
pub fn took(address: usize, size: usize) {
    with_region_of(address, |known, block| {
        known.figures.took(size);
        known.grow(block);
    });
}

/// Counts a block that is taken back: its address, and the bytes that were asked for.
#[inline(always)]
pub fn gave_back(address: usize, size: usize) {
    with_region_of(address, |known, block| {
        known.figures.gave_back(size);
        known.shrink(block);
    });
}

/// Checks whether a block is a probe, or held back: hooks ignore it.
#[inline(always)]
pub fn is_uncounted() -> bool {
    UNCOUNTED.load(Relaxed)
}

/// Checks whether esp-alloc has more regions than are known here, or none at all.
pub fn lacks_regions() -> bool {
    let known = REGIONS.lock(|regions| regions.borrow().len());
    let all = HEAP.stats().region_stats.iter().flatten().count();
    known == 0 || known < all
}

/// Describes every region, for a reader that may name a window of time; `name` calls it by the address of its first byte.
pub fn regions(
    window: Option<Window>,
    name: impl Fn(usize) -> &'static str,
) -> heapless::Vec<Region, 4> {
    let largest = largest();
    REGIONS.lock(|regions| {
        let mut regions = regions.borrow_mut();
        let known = regions.iter_mut().zip(largest);
        known
            .map(|(known, largest)| known.describe(name(known.start), largest, window))
            .collect()
    })
}

/// Returns what is left of all regions, as an allocation has failed.
pub fn left(with_largest: bool) -> Left {
    let free = REGIONS.lock(|regions| {
        let regions = regions.borrow();
        let free = regions.iter().map(|known| known.figures.free());
        free.sum::<usize>()
    });
    Left {
        free: free as u64,
        largest_free_block: with_largest
            .then(|| largest().into_iter().max().unwrap_or(0).min(free) as u64),
    }
}

/// Returns the largest request that each region would serve.
fn largest() -> [usize; MOST] {
    let mut ranges = [const { 0..0 }; MOST];
    REGIONS.lock(|regions| {
        for (range, known) in ranges.iter_mut().zip(regions.borrow().iter()) {
            *range = known.range();
        }
    });
    largest_blocks(&EspAlloc, &ranges)
}

/// Returns where the region of an index lies.
pub fn memory(index: usize) -> Option<Range<usize>> {
    REGIONS.lock(|regions| regions.borrow().get(index).map(Known::range))
}

#[inline(always)]
fn with_region_of(address: usize, work: impl FnOnce(&mut Known, NonNull<u8>)) {
    let Some(block) = NonNull::new(address as *mut u8) else {
        return;
    };
    REGIONS.lock(|regions| {
        let mut regions = regions.borrow_mut();
        let mut regions = regions.iter_mut();
        if let Some(known) = regions.find(|known| known.range().contains(&address)) {
            work(known, block);
        }
    });
}

impl Known {
    #[inline(always)]
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.figures.size()
    }

    #[inline(always)]
    fn grow(&mut self, block: NonNull<u8>) {
        let used = algorithm::used_with(self.number, self.figures.used(), block);
        self.figures.set_used(used);
    }

    #[inline(always)]
    fn shrink(&mut self, block: NonNull<u8>) {
        let used = algorithm::used_without(self.figures.used(), block);
        self.figures.set_used(used);
    }

    fn describe(&mut self, name: &'static str, largest: usize, window: Option<Window>) -> Region {
        let used = algorithm::used_now(self.number, self.figures.used());
        self.figures.set_used(used);
        let place = Place {
            name,
            start: self.start,
            origin: Origin::Application,
        };
        self.figures.describe(place, largest, window)
    }
}

/// esp-alloc's heap, for blocks that are neither traced nor counted.
struct EspAlloc;

impl Tried for EspAlloc {
    fn alone<R>(&self, work: impl FnOnce() -> R) -> R {
        critical_section::with(|_| {
            let before = UNCOUNTED.load(Relaxed);
            UNCOUNTED.store(true, Relaxed);
            let result = work();
            UNCOUNTED.store(before, Relaxed);
            result
        })
    }

    fn take(&self, layout: Layout) -> Option<NonNull<u8>> {
        // SAFETY: nobody tries for nothing.
        NonNull::new(self.alone(|| unsafe { HEAP.alloc(layout) }))
    }

    unsafe fn give_back(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: as the caller promises.
        self.alone(|| unsafe { GlobalAlloc::dealloc(&HEAP, block.as_ptr(), layout) });
    }
}

/// esp-alloc calls its hooks outside of its lock, and its lock may be taken in any context: so a hook may give a block back.
impl Source for EspAlloc {
    fn would_serve(&self, bytes: usize) -> bool {
        let Some(layout) = layout(bytes) else {
            return true;
        };
        self.alone(|| {
            let block = Tried::take(self, layout);
            // SAFETY: it was taken just now, for this layout.
            block.map(|block| unsafe { Tried::give_back(self, block, layout) })
        })
        .is_some()
    }

    fn take(&self, bytes: usize) -> Option<NonNull<u8>> {
        let block = Tried::take(self, layout(bytes)?)?;
        with_region_of(block.addr().get(), Known::grow);
        Some(block)
    }

    unsafe fn give_back(&self, block: NonNull<u8>, bytes: usize) {
        let Some(layout) = layout(bytes) else { return };
        with_region_of(block.addr().get(), Known::shrink);
        // SAFETY: as the caller promises.
        unsafe { Tried::give_back(self, block, layout) };
    }
}

/// Returns the layout of a block of bytes; `None` for none.
fn layout(bytes: usize) -> Option<Layout> {
    let layout = Layout::from_size_align(bytes, align_of::<usize>()).ok()?;
    (layout.size() > 0).then_some(layout)
}
