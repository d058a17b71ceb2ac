//! The heap of a stand-in: addresses and figures, with no memory behind them.

use heapbeacon_pool::{Figures, Place};
use heapbeacon_shared::trace::{Origin, Region, Window};

/// Where it would lie on a chip, and how many bytes it would have.
const START: usize = 0x3fc9_0000;
const SIZE: usize = 128 * 1024;
/// What blocks are rounded up to, and what each takes beside what was asked for.
const GRAIN: usize = 16;
const OVERHEAD: usize = 8;

/// A first-fit heap.
pub(super) struct Heap {
    figures: Figures,
    /// By address; none touches another.
    holes: Vec<Span>,
}

/// A block that was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    span: Span,
    /// Bytes that were asked for.
    pub(super) size: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: usize,
    len: usize,
}

impl Block {
    /// Returns the address of its first byte.
    pub(super) fn address(&self) -> usize {
        self.span.start + OVERHEAD
    }
}

impl Span {
    fn end(&self) -> usize {
        self.start + self.len
    }
}

impl Heap {
    /// Makes an empty heap.
    pub(super) fn new() -> Self {
        let all = Span {
            start: START,
            len: SIZE,
        };
        Self {
            figures: Figures::new(SIZE),
            holes: vec![all],
        }
    }

    /// Hands out a block, or returns `None` where no hole is large enough.
    pub(super) fn allocate(&mut self, size: usize) -> Option<Block> {
        let len = size
            .checked_add(OVERHEAD)?
            .checked_next_multiple_of(GRAIN)?;
        let index = self.holes.iter().position(|hole| hole.len >= len)?;
        let hole = &mut self.holes[index];
        let start = hole.start;
        hole.start += len;
        hole.len -= len;
        if hole.len == 0 {
            self.holes.remove(index);
        }
        self.figures.took(size);
        self.figures.set_used(self.figures.used() + len);
        let span = Span { start, len };
        Some(Block { span, size })
    }

    /// Takes a block back.
    pub(super) fn free(&mut self, block: Block) {
        let mut span = block.span;
        self.figures.gave_back(block.size);
        self.figures.set_used(self.figures.used() - span.len);
        let index = self.holes.partition_point(|hole| hole.start < span.start);
        if let Some(next) = self
            .holes
            .get(index)
            .filter(|hole| hole.start == span.end())
        {
            span.len += next.len;
            self.holes.remove(index);
        }
        match index.checked_sub(1).map(|before| &mut self.holes[before]) {
            Some(before) if before.end() == span.start => before.len += span.len,
            _ => self.holes.insert(index, span),
        }
    }

    /// Describes it as a region, for a reader that may name a window of time.
    pub(super) fn region(&mut self, window: Option<Window>) -> Region {
        let place = Place {
            name: "dram",
            start: START,
            origin: Origin::Application,
        };
        let largest = self.holes.iter().map(|hole| hole.len).max().unwrap_or(0);
        self.figures
            .describe(place, largest.saturating_sub(OVERHEAD), window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_are_given_back_in_any_order_leave_one_hole() {
        for order in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            let mut heap = Heap::new();
            let blocks = [100, 1, 5000].map(|size| heap.allocate(size).expect("there is room"));
            let region = heap.region(None);
            assert_eq!((region.used, region.requested), (112 + 16 + 5008, 5101));
            for index in order {
                heap.free(blocks[index]);
            }
            let region = heap.region(None);
            assert_eq!((region.used, region.blocks), (0, 0));
            assert_eq!(region.largest_free_block, (SIZE - OVERHEAD) as u64);
        }
    }

    #[test]
    fn a_hole_is_used_again_by_what_fits_and_a_pinned_heap_refuses_what_does_not() {
        let mut heap = Heap::new();
        let blocks: Vec<_> = std::iter::from_fn(|| heap.allocate(1000)).collect();
        assert_eq!(blocks.len(), SIZE / 1008);
        for block in blocks.iter().step_by(2) {
            heap.free(*block);
        }
        let region = heap.region(None);
        assert!(region.free > region.size / 2 - 2000 && region.largest_free_block < 1100);
        assert_eq!(heap.allocate(1500), None);
        assert_eq!(
            heap.allocate(900).map(|block| block.address()),
            Some(blocks[0].address())
        );
    }

    #[test]
    fn no_request_is_too_large_to_be_refused() {
        let mut heap = Heap::new();
        assert_eq!(heap.allocate(usize::MAX), None);
        assert_eq!(heap.allocate(SIZE), None);
        assert!(heap.allocate(SIZE - OVERHEAD).is_some());
    }
}
