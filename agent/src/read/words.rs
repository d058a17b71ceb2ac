//! Words that a scan has read, and which of them hold an address inside the heap.

use core::ops::Range;

use heapbeacon_shared::trace::{Address, Reference};
use heapless::Vec;

use crate::memory::{Area, AreaKind, WORD};
use crate::platform::Device;

/// Regions of the heap that a scan knows.
const REGIONS: usize = 4;
/// Words read at one time.
pub(super) const BATCH: usize = 32;

/// Words that were read and not all looked at.
pub(super) struct Words {
    words: [usize; BATCH],
    /// Where the first is, as it is told.
    at: usize,
    looked_at: usize,
    read: usize,
}

/// Where the heap is.
pub(super) struct Heap {
    regions: Vec<Range<usize>, REGIONS>,
    lowest: usize,
    /// Bytes from there to the highest address.
    bytes: usize,
}

impl Words {
    pub(super) const NONE: Self = Self {
        words: [0; BATCH],
        at: 0,
        looked_at: 0,
        read: 0,
    };

    /// Returns a word as if it had been read somewhere.
    pub(super) fn one(at: usize, word: usize) -> Self {
        let mut words = [0; BATCH];
        words[0] = word;
        Self {
            words,
            at,
            looked_at: 0,
            read: 1,
        }
    }

    /// Reads so many words of an area from an address on; returns how many could be read.
    pub(super) fn read(&mut self, area: &Area, from: usize, room: usize) -> usize {
        self.at = from.wrapping_sub(area.bias());
        self.looked_at = 0;
        self.read = area.read(from, &mut self.words[..room]);
        self.read
    }

    /// Returns the next word that holds an address inside the heap.
    pub(super) fn next_inside(&mut self, heap: &Heap) -> Option<Reference> {
        let words = self.words.get(self.looked_at..self.read)?;
        let is_inside = |word: &usize| {
            word.wrapping_sub(heap.lowest) < heap.bytes
                && heap.regions.iter().any(|region| region.contains(word))
        };
        let Some(ahead) = words.iter().position(is_inside) else {
            self.looked_at = self.read;
            return None;
        };
        let at = self.at.wrapping_add((self.looked_at + ahead) * WORD);
        let to = words[ahead];
        self.looked_at += ahead + 1;
        Some(Reference {
            at: Address(at as u64),
            to: Address(to as u64),
        })
    }
}

impl Heap {
    pub(super) fn regions(&self) -> impl Iterator<Item = &Range<usize>> {
        self.regions.iter()
    }

    /// Returns where a board's heap is, if the board lists it.
    pub(super) fn of<P: Device>() -> Option<Self> {
        let listed = (0..).map_while(P::area);
        let heap = listed.filter(|area| area.kind() == AreaKind::Heap);
        let regions: Vec<_, REGIONS> = heap.take(REGIONS).map(|area| area.memory()).collect();
        let lowest = regions.iter().map(|region| region.start).min()?;
        let highest = regions.iter().map(|region| region.end).max()?;
        Some(Self {
            regions,
            lowest,
            bytes: highest - lowest,
        })
    }
}
