//! Call stacks as a tree: functions that share their callers stand there once.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::iter;

use super::ranked::sort_keys;

/// What a way through a call stack has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallNode<K> {
    /// Index of the node before it; `None` where the way begins.
    pub parent: Option<usize>,
    /// What stands for its function.
    pub key: K,
}

/// Call stacks that share where they begin. Which end of a call stack that is, the caller decides: from the outermost
/// function on it tells what each one has called, and from the innermost on who has called it.
///
/// ```
/// use heapbeacon_shared::analysis::CallTree;
///
/// let mut tree = CallTree::default();
/// let open = tree.add(["main", "serve", "open"]);
/// let fill = tree.add(["main", "fill"]);
/// assert_eq!(tree.nodes().len(), 4);
/// let totals = tree.totals([(open, 148), (fill, 57)]);
/// assert_eq!(totals, [205, 148, 148, 57]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallTree<K> {
    nodes: Vec<CallNode<K>>,
    known: BTreeMap<CallNode<K>, usize>,
}

impl<K> Default for CallTree<K> {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            known: BTreeMap::new(),
        }
    }
}

impl<K: Copy + Ord> CallTree<K> {
    /// Adds a call stack, and returns the node that it ends at; `None` of one without functions.
    pub fn add(&mut self, keys: impl IntoIterator<Item = K>) -> Option<usize> {
        let mut parent = None;
        for key in keys {
            let node = CallNode { parent, key };
            let index = *self.known.entry(node).or_insert(self.nodes.len());
            if index == self.nodes.len() {
                self.nodes.push(node);
            }
            parent = Some(index);
        }
        parent
    }

    /// Returns all nodes; each comes behind its parent.
    pub fn nodes(&self) -> &[CallNode<K>] {
        &self.nodes
    }

    /// Returns the nodes from where the way begins to a node.
    pub fn path(&self, node: usize) -> Vec<usize> {
        let parent = |index: &usize| self.nodes.get(*index)?.parent;
        let mut path: Vec<_> = iter::successors(Some(node), parent).collect();
        path.reverse();
        path
    }

    /// Adds up for each node what ends there and behind it.
    pub fn totals(&self, ends: impl IntoIterator<Item = (Option<usize>, u64)>) -> Vec<u64> {
        let mut totals = alloc::vec![0_u64; self.nodes.len()];
        for (node, value) in ends {
            if let Some(total) = node.and_then(|node| totals.get_mut(node)) {
                *total = total.saturating_add(value);
            }
        }
        for (index, node) in self.nodes.iter().enumerate().rev() {
            if let Some(parent) = node.parent {
                totals[parent] = totals[parent].saturating_add(totals[index]);
            }
        }
        totals
    }

    /// Returns what comes directly behind each node, those with most first.
    pub fn children(&self, totals: &[u64]) -> Vec<Vec<usize>> {
        let mut children = alloc::vec![Vec::new(); self.nodes.len()];
        let total = |node: usize| totals.get(node).copied().unwrap_or(0);
        let mut order: Vec<[u64; 3]> = (0..self.nodes.len())
            .map(|node| [u64::MAX - total(node), node as u64, 0])
            .collect();
        sort_keys(&mut order);
        for [_, node, _] in order {
            let node = node as usize;
            if let Some(parent) = self.nodes[node].parent {
                children[parent].push(node);
            }
        }
        children
    }
}
