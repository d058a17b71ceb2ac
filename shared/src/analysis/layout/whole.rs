//! All pieces and holes of a region, where there is room for them.

use alloc::vec::Vec;

use super::{Hole, Piece, PinFinder, Placed, Rules, Stretch, Stretches, Sums, Tiles};
use crate::analysis::sort_keys;

/// A region of the heap, piece by piece.
///
/// ```
/// use heapbeacon_shared::analysis::layout::{Layout, Placed, Rules};
///
/// let rules = Rules::new(4, 0, true);
/// let block = |address, owner| Placed { address, size: 100, owner };
/// let layout = Layout::new(0, 1_000, rules, &[block(0, 1), block(500, 2)]);
/// assert_eq!(layout.sums.holes, 800);
/// let largest = layout.largest().expect("there are two");
/// assert_eq!((largest.address, largest.bytes), (100, 400));
/// // Without the second block, it would reach to the end of the region.
/// assert_eq!(largest.above.as_ref().map(|pin| pin.becomes), Some(900));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// All pieces, by address.
    pub pieces: Vec<Piece>,
    /// All holes, by address.
    pub holes: Vec<Hole>,
    /// The longest stretch of each owner that pins a hole, the longest first.
    pub owners: Vec<Stretch>,
    /// What the pieces add up to.
    pub sums: Sums,
}

impl Layout {
    /// Lays out the blocks that lie in a region, in whatever order they are given.
    pub fn new(start: u64, size: u64, rules: Rules, blocks: &[Placed]) -> Self {
        let mut layout = Self::default();
        let end = start.saturating_add(size);
        let (mut tiles, mut stretches) = (Tiles::new(start, size, rules), Stretches::new(start));
        let (mut finder, mut all) = (PinFinder::new(start), Vec::new());
        for block in in_order(start..end, blocks) {
            layout
                .pieces
                .extend(tiles.take(block).into_iter().flatten());
        }
        layout.pieces.extend(tiles.finish());
        for piece in &layout.pieces {
            layout.sums.add(piece);
            layout.holes.extend(finder.take(piece));
            all.extend(stretches.take(piece));
        }
        layout.holes.extend(finder.finish(end));
        all.extend(stretches.finish(end));
        layout.owners = longest(&all);
        layout
    }

    /// Returns its largest hole, the lowest of those that are alike.
    pub fn largest(&self) -> Option<&Hole> {
        let mut holes = self.holes.iter();
        let first = holes.next()?;
        Some(
            holes.fold(first, |largest, hole| match hole.is_before(largest) {
                true => hole,
                false => largest,
            }),
        )
    }

    /// Returns the hole that begins at an address.
    pub fn hole_at(&self, address: u64) -> Option<&Hole> {
        let index = self.holes.partition_point(|hole| hole.address < address);
        self.holes.get(index).filter(|hole| hole.address == address)
    }
}

/// Returns the blocks that begin in a region, by address.
fn in_order(region: core::ops::Range<u64>, blocks: &[Placed]) -> impl Iterator<Item = Placed> {
    let inside = (0..).zip(blocks);
    let inside = inside.filter(|(_, block)| region.contains(&block.address));
    let mut keys: Vec<_> = inside
        .map(|(place, block)| [block.address, place, 0])
        .collect();
    sort_keys(&mut keys);
    keys.into_iter().map(|[_, place, _]| blocks[place as usize])
}

/// Returns the longest stretch of each owner, the longest first.
fn longest(all: &[Stretch]) -> Vec<Stretch> {
    // The place of each stretch in a list of all, the longest first.
    let keys = all.iter().zip(0..);
    let mut keys: Vec<_> = keys
        .map(|(stretch, index)| [u64::MAX - stretch.bytes, stretch.address, index])
        .collect();
    sort_keys(&mut keys);
    let ordered: Vec<Stretch> = keys
        .iter()
        .map(|[.., index]| all[*index as usize])
        .collect();
    // Of each owner, the first in that list.
    let owners = ordered.iter().zip(0..);
    let mut owners: Vec<_> = owners
        .map(|(stretch, place)| [stretch.owner.into(), place, 0])
        .collect();
    sort_keys(&mut owners);
    owners.dedup_by_key(|[owner, ..]| *owner);
    let mut places: Vec<_> = owners.iter().map(|[_, place, _]| [*place, 0, 0]).collect();
    sort_keys(&mut places);
    let longest = places.iter().map(|[place, ..]| ordered[*place as usize]);
    longest.collect()
}
