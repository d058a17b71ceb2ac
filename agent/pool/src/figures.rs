//! What is known of a region: how full it is, how full it was at worst, and what was asked for.

use heapbeacon_shared::analysis::fragmentation_percent;
use heapbeacon_shared::trace::{Address, Origin, Region, Window};

use crate::minima::Minima;

/// What is counted of one region at each block.
#[derive(Clone, Debug)]
pub struct Figures {
    size: usize,
    used: usize,
    blocks: usize,
    requested: usize,
    minima: Minima,
}

/// What a region is called, where it is, and whose.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// What the board calls it.
    pub name: &'static str,
    /// Its first address.
    pub start: usize,
    /// Whose allocations it serves.
    pub origin: Origin,
}

impl Figures {
    /// Begins to count an empty region of so many bytes.
    pub const fn new(size: usize) -> Self {
        Self {
            size,
            used: 0,
            blocks: 0,
            requested: 0,
            minima: Minima::new(size),
        }
    }

    /// Returns the bytes that the allocator manages.
    #[inline(always)]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Returns the bytes that are used.
    #[inline(always)]
    pub fn used(&self) -> usize {
        self.used
    }

    /// Returns the bytes that are left.
    pub fn free(&self) -> usize {
        self.size.saturating_sub(self.used)
    }

    /// Counts a block that was handed out for `requested` bytes.
    #[inline(always)]
    pub fn took(&mut self, requested: usize) {
        self.blocks = self.blocks.saturating_add(1);
        self.requested = self.requested.saturating_add(requested);
    }

    /// Counts a block that is taken back.
    #[inline(always)]
    pub fn gave_back(&mut self, requested: usize) {
        self.blocks = self.blocks.saturating_sub(1);
        self.requested = self.requested.saturating_sub(requested);
    }

    /// Notes how many bytes are used now.
    #[inline(always)]
    pub fn set_used(&mut self, used: usize) {
        self.used = used;
        self.minima.note(self.size.saturating_sub(used));
    }

    /// Describes the region for a reader, whose answer begins a new slice of time where it names a window.
    pub fn describe(&mut self, place: Place, largest: usize, window: Option<Window>) -> Region {
        let free = self.free();
        let (window_minimum_free, window_start_us) = self
            .minima
            .since(window.map_or(0, |window| window.since_us));
        if let Some(window) = window {
            self.minima.begin(window.now_us, free);
        }
        let largest = largest.min(free) as u64;
        Region {
            name: place.name.try_into().unwrap_or_default(),
            start: Address(place.start as u64),
            size: self.size as u64,
            used: self.used as u64,
            free: free as u64,
            minimum_free: self.minima.lowest() as u64,
            window_minimum_free: window_minimum_free as u64,
            window_start_us,
            largest_free_block: largest,
            fragmentation: fragmentation_percent(free as u64, largest),
            blocks: self.blocks as u64,
            requested: self.requested as u64,
            origin: place.origin,
        }
    }
}
