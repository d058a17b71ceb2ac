//! The heap at one moment.

use heapbeacon_shared::analysis::Timed;
use heapbeacon_shared::api::Heap;
use heapbeacon_shared::trace::{Origin, Region};

/// Most regions that a device has.
pub(super) const REGIONS: usize = 4;
/// The whole heap at one moment: all regions together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapSample {
    /// Microseconds since boot.
    pub time_us: u64,
    /// Bytes of all regions.
    pub size: u64,
    /// Bytes handed out.
    pub used: u64,
    /// Bytes left.
    pub free: u64,
    /// The largest request that would succeed, in bytes.
    pub largest_free_block: u64,
    /// Fewest bytes left since boot.
    pub minimum_free: u64,
    /// Bytes of the firmware's live blocks that have a record; 0 where that is not told.
    pub traced: u64,
    /// Bytes handed out and bytes left of each region.
    pub regions: [(u64, u64); REGIONS],
}

impl Timed for HeapSample {
    fn time_us(&self) -> u64 {
        self.time_us
    }
}

impl HeapSample {
    /// Adds the [`regions`] up. The lowest free is the sum of the regions' own, and so never too high.
    pub fn of(heap: &Heap) -> Self {
        let mut sample = Self {
            time_us: heap.time_us,
            ..Self::default()
        };
        for (region, numbers) in regions(heap).zip(&mut sample.regions) {
            *numbers = (region.used, region.free);
            // A file may say anything.
            sample.size = sample.size.saturating_add(region.size);
            sample.used = sample.used.saturating_add(region.used);
            sample.free = sample.free.saturating_add(region.free);
            sample.minimum_free = sample.minimum_free.saturating_add(region.minimum_free);
            sample.largest_free_block = sample.largest_free_block.max(region.largest_free_block);
        }
        sample
    }
}

/// Returns the regions of the firmware's heap: without those that serve only HeapBeacon itself.
pub fn regions(heap: &Heap) -> impl Iterator<Item = &Region> {
    let regions = heap.regions.iter();
    regions.filter(|region| is_of_firmware(region))
}

/// Returns whether a region is of the firmware's heap.
pub(super) fn is_of_firmware(region: &Region) -> bool {
    region.origin != Origin::Agent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str, used: u64, largest_free_block: u64) -> Region {
        Region {
            name: name.try_into().expect("short"),
            size: 100,
            used,
            free: 100 - used,
            largest_free_block,
            ..Region::default()
        }
    }

    #[test]
    fn a_region_of_heapbeacon_itself_does_not_count() {
        let mut heap = Heap::default();
        let own = Region {
            origin: Origin::Agent,
            ..region("server", 60, 20)
        };
        heap.regions.extend([region("heap", 30, 50), own]);
        let sample = HeapSample::of(&heap);
        assert_eq!((sample.size, sample.used), (100, 30));
    }

    #[test]
    fn regions_add_up_but_the_largest_block_does_not() {
        let mut heap = Heap::default();
        heap.regions
            .extend([region("a", 30, 50), region("b", 60, 20)]);
        let sample = HeapSample::of(&heap);
        assert_eq!((sample.size, sample.used, sample.free), (200, 90, 110));
        assert_eq!(sample.largest_free_block, 50);
    }
}
