//! Trees of call stacks, of any call stacks.

use heapbeacon_shared::analysis::CallTree;
use proptest::collection::vec;
use proptest::prelude::*;

/// Call stacks of a few functions with values, outermost first.
fn stacks() -> impl Strategy<Value = Vec<(Vec<u8>, u64)>> {
    vec((vec(0_u8..5, 1..7), 0_u64..1_000), 0..40)
}

/// Returns the tree of call stacks below one root, and what each node comes to.
fn tree(stacks: &[(Vec<u8>, u64)], is_inverted: bool) -> (CallTree<u8>, Vec<u64>) {
    let mut tree = CallTree::default();
    let mut ends = Vec::new();
    for (stack, value) in stacks {
        let mut way = stack.clone();
        if is_inverted {
            way.reverse();
        }
        ends.push((tree.add([u8::MAX].into_iter().chain(way)), *value));
    }
    let totals = tree.totals(ends);
    (tree, totals)
}

proptest! {
    #[test]
    fn a_node_has_what_ends_there_and_what_its_children_have(stacks in stacks()) {
        let (tree, totals) = tree(&stacks, false);
        let children = tree.children(&totals);
        for (node, total) in totals.iter().enumerate() {
            let keys: Vec<_> = tree.path(node)[1..].iter().map(|node| tree.nodes()[*node].key).collect();
            let ends_here = stacks.iter().filter(|(stack, _)| *stack == keys);
            let own: u64 = ends_here.map(|(_, value)| value).sum();
            let behind: u64 = children[node].iter().map(|child| totals[*child]).sum();
            prop_assert_eq!(*total, own + behind);
        }
    }

    #[test]
    fn both_directions_have_the_same_total(stacks in stacks()) {
        let all: u64 = stacks.iter().map(|(_, value)| value).sum();
        for is_inverted in [false, true] {
            let (_, totals) = tree(&stacks, is_inverted);
            prop_assert_eq!(totals.first().copied().unwrap_or(0), all);
        }
    }

    #[test]
    fn every_node_is_a_child_once_and_those_with_most_come_first(stacks in stacks()) {
        let (tree, totals) = tree(&stacks, true);
        let children = tree.children(&totals);
        let mut seen = vec![0; totals.len()];
        for (node, of_node) in children.iter().enumerate() {
            prop_assert!(of_node.is_sorted_by_key(|child| u64::MAX - totals[*child]));
            for child in of_node {
                prop_assert_eq!(tree.nodes()[*child].parent, Some(node));
                prop_assert!(*child > node);
                seen[*child] += 1;
            }
        }
        prop_assert!(seen.iter().skip(1).all(|times| *times == 1), "{:?}", seen);
    }

    #[test]
    fn call_stacks_that_are_alike_end_at_one_node(stacks in stacks()) {
        let (mut tree, _) = tree(&stacks, false);
        let known = tree.nodes().len();
        for (stack, _) in &stacks {
            let way = || [u8::MAX].into_iter().chain(stack.iter().copied());
            let end = tree.add(way()).expect("it has functions");
            prop_assert_eq!(tree.path(end).len(), stack.len() + 1);
        }
        prop_assert_eq!(tree.nodes().len(), known);
    }
}

#[test]
fn values_that_are_too_large_to_add_up_stay_the_most_that_there_is() {
    let mut tree = CallTree::default();
    let ends = [tree.add([1, 2]), tree.add([1, 3]), tree.add([1, 3])];
    let totals = tree.totals(ends.map(|end| (end, u64::MAX)));
    assert_eq!(totals, [u64::MAX; 3]);
}

#[test]
fn what_has_no_functions_ends_nowhere() {
    let mut tree = CallTree::<u8>::default();
    assert_eq!(tree.add([]), None);
    assert_eq!(tree.totals([(None, 7), (Some(9), 7)]), [0; 0]);
}
