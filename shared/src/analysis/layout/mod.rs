//! What lies where in a region of the heap: live blocks, the holes between them, and which blocks pin those.
//!
//! All of it is told of blocks in the order of their addresses, one after the other, in memory of a fixed size: so a device that has
//! no heap tells the same as a page.
//!
//! A gap between two blocks is not a hole by itself. A short one is what the allocator rounds up and writes beside its blocks; and
//! where the trace does not know all blocks, a gap may have some of those in it. [`Rules`] say what a gap may be called.

mod pieces;
mod pins;
mod stretches;

#[cfg(feature = "alloc")]
mod whole;

use heapless::Vec;

pub use pieces::{Kind, Piece, Placed, Rules, Tiles};
pub use pins::{Hole, NAMED, Pin, PinFinder};
pub use stretches::{Stretch, Stretches};
#[cfg(feature = "alloc")]
pub use whole::Layout;

/// What the pieces of a region add up to, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Live blocks, as many bytes as were asked for.
    pub blocks: u64,
    /// How many blocks those are.
    pub count: u64,
    /// Holes.
    pub holes: u64,
    /// How many holes those are.
    pub hole_count: u64,
    /// Gaps that are too short for a hole: what the allocator takes for itself.
    pub overhead: u64,
    /// Gaps that are too long for one, so that there is something in them that no record is of.
    pub unknown: u64,
}

impl Sums {
    /// Adds a piece.
    pub fn add(&mut self, piece: &Piece) {
        let (sum, count) = match piece.kind {
            Kind::Block(_) => (&mut self.blocks, Some(&mut self.count)),
            Kind::Hole => (&mut self.holes, Some(&mut self.hole_count)),
            Kind::Overhead => (&mut self.overhead, None),
            Kind::Unknown => (&mut self.unknown, None),
        };
        *sum = sum.saturating_add(piece.bytes);
        if let Some(count) = count {
            *count += 1;
        }
    }

    /// Returns how much of the gaps is not free: whatever no record is of has it. That is the rest of what the allocator has handed
    /// out, too, so nothing where the trace knows all blocks.
    pub fn untold(&self, free: u64) -> u64 {
        self.holes.saturating_add(self.unknown).saturating_sub(free)
    }
}

/// The largest holes of a region, and who pins most.
#[derive(Clone, Debug)]
pub struct Largest<const HOLES: usize, const OWNERS: usize> {
    tiles: Tiles,
    finder: PinFinder,
    stretches: Stretches,
    /// Holes, the largest first.
    pub holes: Vec<Hole, HOLES>,
    /// Owners, by the hole that there would be without their blocks, the largest first.
    pub owners: Vec<Stretch, OWNERS>,
    /// What all of it adds up to.
    pub sums: Sums,
}

impl<const HOLES: usize, const OWNERS: usize> Largest<HOLES, OWNERS> {
    /// Begins at the start of a region.
    pub fn new(start: u64, size: u64, rules: Rules) -> Self {
        Self {
            tiles: Tiles::new(start, size, rules),
            finder: PinFinder::new(start),
            stretches: Stretches::new(start),
            holes: Vec::new(),
            owners: Vec::new(),
            sums: Sums::default(),
        }
    }

    /// Takes the block that comes next by its address.
    pub fn take(&mut self, block: Placed) {
        for piece in self.tiles.take(block).into_iter().flatten() {
            self.place(&piece);
        }
    }

    /// Ends at the end of the region.
    pub fn finish(&mut self) {
        if let Some(piece) = self.tiles.finish() {
            self.place(&piece);
        }
        let end = self.tiles.end();
        if let Some(hole) = self.finder.finish(end) {
            keep(&mut self.holes, hole, Hole::is_before);
        }
        if let Some(stretch) = self.stretches.finish(end) {
            keep_owner(&mut self.owners, stretch);
        }
    }

    fn place(&mut self, piece: &Piece) {
        self.sums.add(piece);
        if let Some(hole) = self.finder.take(piece) {
            keep(&mut self.holes, hole, Hole::is_before);
        }
        if let Some(stretch) = self.stretches.take(piece) {
            keep_owner(&mut self.owners, stretch);
        }
    }
}

/// Keeps the longest stretch of each owner. One that was dropped for want of room comes back only with a longer one, so the list
/// is right whatever was dropped.
fn keep_owner<const N: usize>(list: &mut Vec<Stretch, N>, stretch: Stretch) {
    let known = list.iter().position(|known| known.owner == stretch.owner);
    match known.map(|index| (index, list[index])) {
        Some((_, known)) if !stretch.is_before(&known) => return,
        Some((index, _)) => drop(list.remove(index)),
        None => {}
    }
    keep(list, stretch, Stretch::is_before);
}

/// Inserts into an ordered list, and drops the last where it is full.
fn keep<T, const N: usize>(list: &mut Vec<T, N>, item: T, is_before: fn(&T, &T) -> bool) {
    let place = list.partition_point(|other| !is_before(&item, other));
    if place == N {
        return;
    }
    if list.is_full() {
        list.pop();
    }
    // There is room, and `place` is at most the length.
    let _ = list.insert(place, item);
}
