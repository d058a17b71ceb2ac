//! Who holds a block: from the references of a scan to chains, and from two scans to what is lost.

use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use super::ranked::sort_keys;
use crate::trace::{Address, Reference, Root, RootKind, Scan, Span};

/// A block that has a record and is live.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveBlock {
    /// First byte.
    pub address: Address,
    /// Bytes.
    pub size: u64,
    /// Sequence number of its record, which is the time of its allocation.
    pub seq: u64,
    /// Whether hardware or a driver may hold it in a way that no scan sees: then it is never called lost.
    pub is_opaque: bool,
}

/// Whether something holds a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// References lead to it from a root, through live blocks.
    Held,
    /// References lead to it, but not from where it is certain that somebody uses them: from heap memory that is no traced
    /// block, or from a word that has moved meanwhile. Or the scan may have missed some, it began before the block was allocated, or the block may
    /// have been freed while the trace was stopped; or such a block leads to it.
    Uncertain,
    /// No reference leads to it.
    Unreached,
}

/// What holds something, on the way from a root to a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A word in the root of an index.
    Root {
        /// Index of the root.
        root: usize,
        /// Where the word is.
        at: Address,
    },
    /// A word in heap memory that is no traced block.
    Untraced {
        /// Where the word is.
        at: Address,
    },
    /// A word in a block.
    Block {
        /// Index of the block, in the order of their addresses.
        block: usize,
        /// Where the word is.
        at: Address,
    },
}

/// Who holds the blocks of one scan.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// In the order of their addresses.
    blocks: Vec<LiveBlock>,
    holds: Vec<Hold>,
    /// What leads to each block, on the shortest way.
    from: Vec<Option<Holder>>,
}

/// The references of a scan, joined with the blocks.
struct Graph {
    /// What leads to a block from outside of the traced blocks: from roots, then from other heap memory.
    roots: Vec<(usize, Holder)>,
    untraced: Vec<(usize, Holder)>,
    /// From one block to another: their indices, with where the word is between them. They are in order.
    edges: Vec<[u64; 3]>,
}

impl Holders {
    /// Joins what a scan has found with the blocks that are live behind it, in any order.
    ///
    /// Where variables reach around the heap, which a static may be, what is in the heap is no root. An address inside a block holds it, one behind its last byte does not. A block of no size counts as one byte.
    pub fn new(
        blocks: Vec<LiveBlock>,
        heap: &[Span],
        roots: &[Root],
        references: &[Reference],
        scan: &Scan,
    ) -> Self {
        // No two live blocks share an address: the newer one is there, and comes first.
        let keys = (0..).zip(&blocks);
        let mut keys: Vec<_> = keys
            .map(|(place, block)| [block.address.0, !block.seq, place])
            .collect();
        sort_keys(&mut keys);
        keys.dedup_by_key(|[address, ..]| *address);
        let sorted = keys.iter().map(|[.., place]| blocks[*place as usize]);
        let blocks: Vec<_> = sorted.collect();
        let graph = Graph::new(&blocks, &RootTable::new(roots, heap), references);
        let mut holders = Self {
            holds: vec![Hold::Unreached; blocks.len()],
            from: vec![None; blocks.len()],
            blocks,
        };
        holders.spread(&graph, &graph.roots, Hold::Held);
        holders.spread(&graph, &graph.untraced, Hold::Uncertain);
        holders.doubt(&graph, scan);
        holders
    }

    /// Returns the blocks, in the order of their addresses.
    pub fn blocks(&self) -> &[LiveBlock] {
        &self.blocks
    }

    /// Returns whether something holds the block of an index.
    pub fn hold(&self, block: usize) -> Hold {
        self.holds.get(block).copied().unwrap_or(Hold::Uncertain)
    }

    /// Returns the index of a block that a record is of.
    pub fn find(&self, address: Address, seq: u64) -> Option<usize> {
        let found = self
            .blocks
            .binary_search_by_key(&address, |block| block.address);
        found.ok().filter(|index| self.blocks[*index].seq == seq)
    }

    /// Returns what holds a block: first what points to it, last where the chain begins. It is empty if nothing is known to.
    pub fn chain(&self, block: usize) -> impl Iterator<Item = Holder> + '_ {
        let first = self.from.get(block).copied().flatten();
        // Each holder was reached before what it holds, so this ends.
        core::iter::successors(first, |holder| match holder {
            Holder::Block { block, .. } => self.from.get(*block).copied().flatten(),
            Holder::Root { .. } | Holder::Untraced { .. } => None,
        })
    }

    /// Returns the indices of blocks that were lost already at a scan before this one of the same trace: nothing led to them
    /// then, and nothing does now.
    pub fn lost_since(&self, before: &Self) -> Vec<usize> {
        let is_lost = |index: &usize| {
            let block = &self.blocks[*index];
            let then = before.find(block.address, block.seq);
            self.hold(*index) == Hold::Unreached
                && then.is_some_and(|then| before.hold(then) == Hold::Unreached)
        };
        (0..self.blocks.len()).filter(is_lost).collect()
    }

    /// Returns how many blocks nobody can tell of by two scans of the same trace: held by neither, and by one of them all that leads there begins at
    /// words that moved meanwhile ([`Reference::MOVED`]).
    pub fn moved_since(&self, before: &Self) -> usize {
        let (moved, moved_then) = (self.moved(), before.moved());
        let is_open = |index: &usize| {
            let block = &self.blocks[*index];
            before.find(block.address, block.seq).is_some_and(|then| {
                self.hold(*index) != Hold::Held
                    && before.hold(then) != Hold::Held
                    && (moved[*index] || moved_then[then])
            })
        };
        (0..self.blocks.len()).filter(is_open).count()
    }

    /// Returns of each block whether what leads to it begins at a word that has moved.
    fn moved(&self) -> Vec<bool> {
        let mut known = vec![None; self.blocks.len()];
        for first in 0..self.blocks.len() {
            let mut way = Vec::new();
            let mut block = first;
            let has_moved = loop {
                if let Some(has_moved) = known[block] {
                    break has_moved;
                }
                way.push(block);
                match self.from[block] {
                    Some(Holder::Block { block: holder, .. }) => block = holder,
                    Some(Holder::Untraced { at }) => break at == Reference::MOVED,
                    Some(Holder::Root { .. }) | None => break false,
                }
            };
            way.iter().for_each(|block| known[*block] = Some(has_moved));
        }
        known.iter().map(|known| *known == Some(true)).collect()
    }

    /// Follows the references from where some begin, nearest first, to all blocks that were not reached before.
    fn spread(&mut self, graph: &Graph, begins: &[(usize, Holder)], hold: Hold) {
        let mut queue = VecDeque::new();
        for (block, holder) in begins {
            if self.reach(*block, *holder, hold) {
                queue.push_back(*block);
            }
        }
        self.follow(graph, queue, hold);
    }

    /// Follows the references from blocks, nearest first, to all that were not reached before.
    fn follow(&mut self, graph: &Graph, mut queue: VecDeque<usize>, hold: Hold) {
        while let Some(from) = queue.pop_front() {
            for [_, at, to] in graph.edges_of(from) {
                let holder = Holder::Block {
                    block: from,
                    at: Address(*at),
                };
                let to = *to as usize;
                if self.reach(to, holder, hold) {
                    queue.push_back(to);
                }
            }
        }
    }

    /// Notes that something leads to a block; returns whether nothing did before.
    fn reach(&mut self, block: usize, holder: Holder, hold: Hold) -> bool {
        let is_new = self.holds[block] == Hold::Unreached;
        if is_new {
            self.holds[block] = hold;
            self.from[block] = Some(holder);
        }
        is_new
    }

    /// Takes back that nothing leads to a block where that is not certain, and to all that it leads to: who may be there may use them.
    fn doubt(&mut self, graph: &Graph, scan: &Scan) {
        let mut doubtful = VecDeque::new();
        for (index, block) in self.blocks.iter().enumerate() {
            // Of what was freed unseen, nobody knows where it is referred to.
            let is_there = scan.doubtful_until_us < block.seq && block.seq <= scan.started_us;
            let is_certain = scan.is_whole && is_there && !block.is_opaque;
            if self.holds[index] == Hold::Unreached && !is_certain {
                self.holds[index] = Hold::Uncertain;
                doubtful.push_back(index);
            }
        }
        self.follow(graph, doubtful, Hold::Uncertain);
    }
}

impl Graph {
    fn new(blocks: &[LiveBlock], roots: &RootTable<'_>, references: &[Reference]) -> Self {
        let mut graph = Self {
            roots: Vec::new(),
            untraced: Vec::new(),
            edges: Vec::new(),
        };
        for Reference { at, to } in references.iter().copied() {
            let Some(to) = inside(blocks, to) else {
                continue;
            };
            if let Some(root) = roots.find(at) {
                graph.roots.push((to, Holder::Root { root, at }));
            } else if let Some(from) = inside(blocks, at) {
                if from != to {
                    graph.edges.push([from as u64, at.0, to as u64]);
                }
            } else {
                graph.untraced.push((to, Holder::Untraced { at }));
            }
        }
        sort_keys(&mut graph.edges);
        graph
    }

    fn edges_of(&self, from: usize) -> &[[u64; 3]] {
        let from = from as u64;
        let start = self.edges.partition_point(|[other, ..]| *other < from);
        let behind = &self.edges[start..];
        &behind[..behind.partition_point(|[other, ..]| *other == from)]
    }
}

/// Roots by their addresses, and the heap that some reach around.
struct RootTable<'h> {
    stacks: Places,
    others: Places,
    heap: &'h [Span],
}

/// First and last address, and index, of some roots. They may overlap: then the one that begins last counts.
struct Places(Vec<[u64; 3]>);

impl<'h> RootTable<'h> {
    fn new(roots: &[Root], heap: &'h [Span]) -> Self {
        Self {
            stacks: Places::of(roots, |kind| kind == RootKind::Stack),
            others: Places::of(roots, |kind| kind != RootKind::Stack),
            heap,
        }
    }

    fn find(&self, at: Address) -> Option<usize> {
        // First the stacks: one may be a block of the heap, of which only the live part counts.
        self.stacks.find(at).or_else(|| {
            let is_heap = self.heap.iter().any(|span| span.contains(at));
            if is_heap { None } else { self.others.find(at) }
        })
    }
}

impl Places {
    fn of(roots: &[Root], is_wanted: fn(RootKind) -> bool) -> Self {
        let places = roots.iter().enumerate();
        let wanted = places.filter(|(_, root)| is_wanted(root.kind));
        let mut table: Vec<_> = wanted
            .map(|(index, root)| {
                [
                    root.start.0,
                    root.start.0.saturating_add(root.size),
                    index as u64,
                ]
            })
            .collect();
        sort_keys(&mut table);
        Self(table)
    }

    fn find(&self, at: Address) -> Option<usize> {
        let behind = self.0.partition_point(|[start, ..]| *start <= at.0);
        // There are few roots, and fewer that overlap.
        let mut before = self.0[..behind].iter().rev();
        before
            .find(|[_, end, _]| at.0 < *end)
            .map(|[.., index]| *index as usize)
    }
}

/// Returns the index of the block that an address lies in.
fn inside(blocks: &[LiveBlock], address: Address) -> Option<usize> {
    let behind = blocks.partition_point(|block| block.address <= address);
    let index = behind.checked_sub(1)?;
    let block = &blocks[index];
    (address.0 - block.address.0 < block.size.max(1)).then_some(index)
}
