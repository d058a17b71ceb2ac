//! Where the frames of a flame graph are: pure geometry.

use crate::format;

/// Pixels from one row to the next.
pub const ROW: f64 = 26.0;
/// Pixels between two frames, and between two rows.
const GAP: f64 = 2.0;
/// Width in pixels below which frames are drawn as one.
const LEAST: f64 = 4.0;
/// Width in pixels of the narrowest rest that is drawn.
const LEAST_REST: f64 = 1.5;

/// A frame in the drawing, or the rest of those behind a node that are too narrow to be drawn each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// The node; of a rest, the largest one of it.
    pub node: usize,
    /// How many nodes it stands for, those behind them not counted: more than one is a rest.
    pub nodes: usize,
    /// Row, from 0 at the top.
    pub row: usize,
    /// Left edge in pixels.
    pub left: f64,
    /// Width in pixels.
    pub width: f64,
}

impl Block {
    /// Returns whether it stands for several nodes.
    pub fn is_rest(&self) -> bool {
        self.nodes > 1
    }

    /// Returns its right edge.
    pub fn right(&self) -> f64 {
        self.left + self.width
    }

    /// Appends its outline to the data of an SVG path.
    pub fn draw(&self, path: &mut String) {
        let [left, top, width, height] = [
            self.left,
            self.row as f64 * ROW,
            (self.width - GAP).max(1.0),
            ROW - GAP,
        ]
        .map(format::decimal);
        for part in [
            "M", &left, " ", &top, "h", &width, "v", &height, "h-", &width, "z",
        ] {
            path.push_str(part);
        }
    }
}

/// Places the nodes that somebody has zoomed to: the last of a `path`, over the whole `width` in pixels, below it what is
/// behind it, as wide as its part of it, and above it the way from the root. Rows come one after the other.
///
/// `children` of each node are in the order of their `totals`, those with most first.
pub fn arrange(children: &[Vec<usize>], totals: &[u64], path: &[usize], width: f64) -> Vec<Block> {
    let over_all = |(row, node): (usize, &usize)| Block {
        node: *node,
        nodes: 1,
        row,
        left: 0.0,
        width,
    };
    let mut blocks: Vec<Block> = path.iter().enumerate().map(over_all).collect();
    let mut first = blocks.len().saturating_sub(1);
    // Each round places one row: what is behind the blocks of the row before.
    while first < blocks.len() {
        let end = blocks.len();
        for index in first..end {
            let parent = blocks[index];
            if !parent.is_rest() {
                place_behind(parent, &children[parent.node], totals, &mut blocks);
            }
        }
        first = end;
    }
    blocks
}

/// Places what is behind a block, from its left edge on.
fn place_behind(parent: Block, children: &[usize], totals: &[u64], blocks: &mut Vec<Block>) {
    let scale = parent.width / (totals[parent.node].max(1)) as f64;
    let mut left = parent.left;
    let row = parent.row + 1;
    for (index, node) in children.iter().enumerate() {
        let width = totals[*node] as f64 * scale;
        if width < LEAST {
            // All that follow are no wider.
            let rest = &children[index..];
            let sum: u64 = rest.iter().map(|node| totals[*node]).sum();
            let width = sum as f64 * scale;
            if width >= LEAST_REST {
                blocks.push(Block {
                    node: *node,
                    nodes: rest.len(),
                    row,
                    left,
                    width,
                });
            }
            return;
        }
        blocks.push(Block {
            node: *node,
            nodes: 1,
            row,
            left,
            width,
        });
        left += width;
    }
}

/// Returns how many rows there are.
pub fn rows(blocks: &[Block]) -> usize {
    blocks.last().map_or(0, |last| last.row + 1)
}

/// Returns the block at a place in the drawing, in pixels from its left and upper edge.
pub fn block_at(blocks: &[Block], x: f64, y: f64) -> Option<Block> {
    let row = (y / ROW).floor();
    let is_there =
        |block: &&Block| block.row as f64 == row && (block.left..block.right()).contains(&x);
    blocks.iter().find(is_there).copied()
}

/// Returns the block that a key leads to: along the row, to who is before it, or to the widest one behind it.
pub fn beside(blocks: &[Block], from: Block, key: &str) -> Option<Block> {
    let at = blocks.iter().position(|block| *block == from)?;
    let middle = from.left + from.width / 2.0;
    let in_row = |index: usize| blocks.get(index).filter(|block| block.row == from.row);
    let found = match key {
        "ArrowLeft" => at.checked_sub(1).and_then(in_row),
        "ArrowRight" => in_row(at + 1),
        "ArrowUp" => blocks.iter().find(|block| {
            block.row + 1 == from.row && (block.left..=block.right()).contains(&middle)
        }),
        "ArrowDown" => blocks.iter().find(|block| {
            block.row == from.row + 1
                && block.left >= from.left - 0.001
                && block.right() <= from.right() + 0.001
        }),
        "Home" => blocks.first(),
        _ => None,
    };
    found.copied()
}

#[cfg(test)]
mod tests;
