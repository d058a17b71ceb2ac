//! A heap region from the messages on it.

use crate::analysis::fragmentation_percent;
use crate::trace::Region;
use crate::wire::{Handed, HeapRegion, Sample};

impl Region {
    /// Returns what a message says of a region; how full it is, others say.
    pub fn of(told: &HeapRegion) -> Self {
        Self {
            name: told.name.clone(),
            start: told.start,
            size: told.size,
            origin: told.origin,
            ..Self::default()
        }
    }

    /// Takes how full it is.
    pub fn take_sample(&mut self, sample: &Sample) {
        self.used = sample.used;
        self.free = sample.free;
        self.minimum_free = sample.minimum_free;
        self.window_minimum_free = sample.minimum_free;
        self.largest_free_block = sample.largest_free_block;
        self.fragmentation = fragmentation_percent(sample.free, sample.largest_free_block);
    }

    /// Takes what is handed out of it.
    pub fn take_handed(&mut self, handed: &Handed) {
        self.blocks = handed.blocks;
        self.requested = handed.requested;
    }
}
