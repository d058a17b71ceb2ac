use heapbeacon_shared::analysis::CallTree;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Rounding of a width that was divided again and again.
const ROUNDING: f64 = 0.01;

struct Tree {
    children: Vec<Vec<usize>>,
    totals: Vec<u64>,
    parents: Vec<Option<usize>>,
}

fn tree(stacks: &[(Vec<u8>, u64)]) -> Tree {
    let mut tree = CallTree::default();
    let way = |stack: &Vec<u8>| [u8::MAX].into_iter().chain(stack.clone());
    let ends: Vec<_> = stacks
        .iter()
        .map(|(stack, value)| (tree.add(way(stack)), *value))
        .collect();
    let totals = tree.totals(ends);
    Tree {
        children: tree.children(&totals),
        parents: tree.nodes().iter().map(|node| node.parent).collect(),
        totals,
    }
}

fn stacks() -> impl Strategy<Value = Vec<(Vec<u8>, u64)>> {
    vec((vec(0_u8..8, 1..8), 1_u64..5_000), 1..60)
}

proptest! {
    #[test]
    fn blocks_lie_within_their_parents_and_beside_each_other(stacks in stacks(), width in 50.0..2_000.0) {
        let tree = tree(&stacks);
        let blocks = arrange(&tree.children, &tree.totals, &[0], width);
        prop_assert_eq!((blocks[0].left, blocks[0].width), (0.0, width));
        for pair in blocks.windows(2) {
            let [one, next] = pair else { unreachable!() };
            prop_assert!(one.row < next.row && next.row == one.row + 1
                || one.row == next.row && one.right() <= next.left + ROUNDING);
        }
        for block in &blocks[1..] {
            let parent = tree.parents[block.node].expect("only the root has none");
            let above = blocks.iter().find(|above| above.node == parent && !above.is_rest());
            let above = above.expect("what is behind a node is below it");
            prop_assert_eq!(above.row + 1, block.row);
            prop_assert!(above.left <= block.left + ROUNDING);
            prop_assert!(block.right() <= above.right() + ROUNDING);
        }
    }

    #[test]
    fn widths_are_shares_and_add_up(stacks in stacks(), width in 50.0..2_000.0) {
        let tree = tree(&stacks);
        let blocks = arrange(&tree.children, &tree.totals, &[0], width);
        let scale = width / tree.totals[0] as f64;
        for block in &blocks {
            let siblings = tree.parents[block.node].map_or(&[][..], |parent| &tree.children[parent]);
            let at = siblings.iter().position(|node| *node == block.node).unwrap_or(0);
            let of_block = siblings.get(at..at + block.nodes).unwrap_or(&[0]);
            let sum: u64 = of_block.iter().map(|node| tree.totals[*node]).sum();
            prop_assert!((block.width - sum as f64 * scale).abs() < ROUNDING);
            let is_narrow = block.is_rest() || block.width < LEAST;
            let least = if is_narrow { LEAST_REST } else { LEAST };
            prop_assert!(block.width >= least);
        }
        // No more is left out below a block than what is too narrow to be drawn.
        for block in blocks.iter().filter(|block| !block.is_rest()) {
            let behind = |other: &&Block| tree.parents[other.node] == Some(block.node);
            let drawn: f64 = blocks.iter().filter(behind).map(|other| other.width).sum();
            let all: u64 = tree.children[block.node].iter().map(|node| tree.totals[*node]).sum();
            prop_assert!(drawn > all as f64 * scale - LEAST_REST - ROUNDING);
        }
    }

    #[test]
    fn what_is_zoomed_to_is_as_wide_as_the_drawing_and_so_is_the_way_to_it(stacks in stacks(), nth in 0_usize..60) {
        let tree = tree(&stacks);
        let node = nth % tree.totals.len();
        let mut path = vec![node];
        while let Some(parent) = tree.parents[path[0]] {
            path.insert(0, parent);
        }
        let blocks = arrange(&tree.children, &tree.totals, &path, 800.0);
        for (row, node) in path.iter().enumerate() {
            prop_assert_eq!(blocks[row], Block { node: *node, nodes: 1, row, left: 0.0, width: 800.0 });
        }
        for block in &blocks[path.len()..] {
            prop_assert!(block.row >= path.len());
        }
    }

    #[test]
    fn a_place_in_a_block_is_that_blocks(stacks in stacks()) {
        let tree = tree(&stacks);
        let blocks = arrange(&tree.children, &tree.totals, &[0], 900.0);
        for block in &blocks {
            let [x, y] = [block.left + block.width / 2.0, (block.row as f64 + 0.5) * ROW];
            prop_assert_eq!(block_at(&blocks, x, y), Some(*block));
        }
        prop_assert_eq!(block_at(&blocks, 950.0, 1.0), None);
        prop_assert_eq!(block_at(&blocks, 1.0, rows(&blocks) as f64 * ROW + 1.0), None);
    }

    #[test]
    fn arrows_lead_to_every_block(stacks in stacks()) {
        let tree = tree(&stacks);
        let blocks = arrange(&tree.children, &tree.totals, &[0], 900.0);
        for block in &blocks {
            // Up to the root, and from there down and to the right.
            let mut at = *block;
            while at.row > 0 {
                let above = beside(&blocks, at, "ArrowUp").expect("there is a parent");
                prop_assert_eq!(Some(above.node), tree.parents[at.node]);
                at = above;
            }
            prop_assert_eq!(Some(at), beside(&blocks, *block, "Home"));
            let first = beside(&blocks, *block, "ArrowDown");
            let widest = tree.children[block.node].first().filter(|_| !block.is_rest());
            let widest = widest.filter(|node| blocks.iter().any(|other| other.node == **node));
            prop_assert_eq!(first.map(|block| block.node), widest.copied());
            if let Some(next) = beside(&blocks, *block, "ArrowRight") {
                prop_assert_eq!(beside(&blocks, next, "ArrowLeft"), Some(*block));
            }
        }
    }
}

#[test]
fn narrow_frames_are_drawn_as_one_and_no_frame_is_drawn_that_is_nothing() {
    let stacks: Vec<_> = (0..100_u8).map(|site| (vec![site], 1)).collect();
    let many = tree(&stacks);
    let blocks = arrange(&many.children, &many.totals, &[0], 200.0);
    assert_eq!(blocks.len(), 2);
    assert_eq!((blocks[1].nodes, blocks[1].width), (100, 200.0));
    let blocks = arrange(&many.children, &many.totals, &[0], 1.0);
    assert_eq!(rows(&blocks), 1, "less than is drawn");
    assert_eq!(rows(&arrange(&[], &[], &[], 100.0)), 0);
}

#[test]
fn an_outline_leaves_a_gap_to_the_next() {
    let block = Block {
        node: 1,
        nodes: 1,
        row: 2,
        left: 10.0,
        width: 50.0,
    };
    let mut path = String::new();
    block.draw(&mut path);
    assert_eq!(path, "M10.0 52.0h48.0v24.0h-48.0z");
}

#[test]
fn ten_thousand_frames_are_placed_and_outlined_at_once() {
    let stacks: Vec<_> = (0..2_500_u32)
        .map(|n| {
            (
                vec![(n % 50) as u8, (n / 50) as u8, (n % 7) as u8, (n % 3) as u8],
                u64::from(n % 97) + 1,
            )
        })
        .collect();
    let tree = tree(&stacks);
    assert!(tree.totals.len() > 7_000, "{}", tree.totals.len());
    let blocks = arrange(&tree.children, &tree.totals, &[0], 2_400.0);
    let mut path = String::new();
    blocks.iter().for_each(|block| block.draw(&mut path));
    // What is drawn is bounded by what can be seen, not by how many frames there are.
    assert!(
        blocks.len() < 5 * 2_400 / LEAST as usize,
        "{}",
        blocks.len()
    );
}
