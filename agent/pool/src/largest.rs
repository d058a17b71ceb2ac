//! The largest request that each region of a heap would serve, found by trying.
//!
//! Only the allocator knows what it would serve: rounding, headers and padding differ from one to the next. So each size
//! is tried, in a hold of its own. A heap serves a request from the first region that can; so what an earlier region
//! has to offer is out of the way only while it is held. That takes one longer hold, and is done only for a region whose
//! largest block is no larger than that of one before it.

use core::alloc::Layout;
use core::ops::Range;
use core::ptr::NonNull;

/// What the sizes of blocks are multiples of, for every allocator that is known.
const WORD: usize = size_of::<usize>();
/// No allocator hands out less; a block that is held keeps this much.
const LEAST: usize = size_of::<Held>();
/// Blocks that are held at a time, at most.
const MOST_HELD: usize = 256;

/// A heap that can be probed.
pub trait Tried {
    /// Does something while nobody else uses the heap; holds within holds are one.
    fn alone<R>(&self, work: impl FnOnce() -> R) -> R;

    /// Hands out a block as it does for anybody, or `None`.
    fn take(&self, layout: Layout) -> Option<NonNull<u8>>;

    /// Takes a block back.
    ///
    /// # Safety
    /// It must be one that [`take`](Self::take) has handed out for this layout.
    unsafe fn give_back(&self, block: NonNull<u8>, layout: Layout);
}

/// Returns the largest request that each region would serve, in bytes; 0 for one that is empty.
///
/// The regions are in the order in which the heap asks them. A region that could only serve less than about 1/256 of
/// what the regions before it have left counts as one that serves nothing.
pub fn largest_blocks<const N: usize>(
    heap: &impl Tried,
    regions: &[Range<usize>; N],
) -> [usize; N] {
    let search = Search { heap, regions };
    let mut found = [0; N];
    // What some earlier region serves.
    let mut served = 0;
    for (index, region) in regions.iter().enumerate() {
        let size = region.end.saturating_sub(region.start);
        if size == 0 {
            continue;
        }
        found[index] =
            match largest_block(served, size, |bytes| search.serves(bytes) == Some(index)) {
                0 if served > 0 => heap.alone(|| search.behind(index, served)),
                largest => largest,
            };
        served = served.max(found[index]);
    }
    found
}

/// Returns the largest size above `low`, and up to `high`, that is served; 0 if there is none.
pub fn largest_block(low: usize, high: usize, mut is_served: impl FnMut(usize) -> bool) -> usize {
    let start = (low / WORD).max(LEAST / WORD - 1);
    let (mut fits, mut fails) = (start, high / WORD + 1);
    while fails > fits + 1 {
        let middle = fits + (fails - fits) / 2;
        if is_served(middle * WORD) {
            fits = middle;
        } else {
            fails = middle;
        }
    }
    // A linked list can't serve what would leave a single word of a hole, but it can serve the whole hole.
    if is_served((fits + 2) * WORD) {
        fits += 2;
    }
    if fits > start { fits * WORD } else { 0 }
}

struct Search<'h, H> {
    heap: &'h H,
    regions: &'h [Range<usize>],
}

/// What is written into a block that is held.
struct Held {
    next: Option<NonNull<Held>>,
    bytes: usize,
}

impl<H: Tried> Search<'_, H> {
    /// Returns the region that serves a size.
    fn serves(&self, bytes: usize) -> Option<usize> {
        let layout = layout(bytes)?;
        self.heap.alone(|| {
            let block = self.heap.take(layout)?;
            let region = self.region_of(block);
            // SAFETY: it was taken just now, for this layout.
            unsafe { self.heap.give_back(block, layout) };
            region
        })
    }

    /// Finds the largest size of a region that earlier ones hide, up to what those serve; to be done alone.
    fn behind(&self, index: usize, served: usize) -> usize {
        let mut held = Hoard::new(self, index);
        let mut size = served;
        while size >= LEAST && !held.is_full() {
            // A hole of three words serves those three, and no two.
            if held.serves(size) || size == LEAST && held.serves(LEAST + WORD) {
                // One word more than was tried before, for it is the one below a whole hole that is not served.
                let high = (2 * size + WORD).min(served);
                return largest_block(size - WORD, high, |bytes| held.serves(bytes));
            }
            size = (size / 2).next_multiple_of(WORD).min(size - WORD);
        }
        0
    }

    fn region_of(&self, block: NonNull<u8>) -> Option<usize> {
        let address = block.addr().get();
        self.regions
            .iter()
            .position(|region| region.contains(&address))
    }
}

/// Blocks of earlier regions that are held, so that they are not in the way; they go back when it goes.
struct Hoard<'s, 'h, H: Tried> {
    search: &'s Search<'h, H>,
    /// The region that is looked at.
    index: usize,
    first: Option<NonNull<Held>>,
    count: usize,
}

impl<'s, 'h, H: Tried> Hoard<'s, 'h, H> {
    fn new(search: &'s Search<'h, H>, index: usize) -> Self {
        Self {
            search,
            index,
            first: None,
            count: 0,
        }
    }

    fn is_full(&self) -> bool {
        self.count >= MOST_HELD
    }

    /// Checks whether the region serves a size once the earlier ones serve it no more; those give what they have of it.
    fn serves(&mut self, bytes: usize) -> bool {
        let Some(layout) = layout(bytes) else {
            return false;
        };
        while !self.is_full() {
            let Some(block) = self.search.heap.take(layout) else {
                return false;
            };
            match self.search.region_of(block) {
                Some(region) if region < self.index => self.hold(block, bytes),
                region => {
                    // SAFETY: it was taken just now, for this layout.
                    unsafe { self.search.heap.give_back(block, layout) };
                    return region == Some(self.index);
                }
            }
        }
        false
    }

    fn hold(&mut self, block: NonNull<u8>, bytes: usize) {
        let block = block.cast::<Held>();
        let held = Held {
            next: self.first,
            bytes,
        };
        // SAFETY: the block is aligned to a word, and no smaller than that.
        unsafe { block.write(held) };
        self.first = Some(block);
        self.count += 1;
    }
}

impl<H: Tried> Drop for Hoard<'_, '_, H> {
    fn drop(&mut self) {
        while let Some(block) = self.first {
            // SAFETY: this was written when the block was held.
            let held = unsafe { block.read() };
            self.first = held.next;
            if let Some(layout) = layout(held.bytes) {
                // SAFETY: it was taken for this layout.
                unsafe { self.search.heap.give_back(block.cast(), layout) };
            }
        }
    }
}

/// Returns the layout of a probe, which can be held.
fn layout(bytes: usize) -> Option<Layout> {
    Layout::from_size_align(bytes, WORD)
        .ok()
        .filter(|layout| layout.size() >= LEAST)
}
