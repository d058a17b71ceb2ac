//! Who holds a block, against exact reachability in a model of memory.

mod held_or_lost;

use std::collections::BTreeSet;
use std::slice;

use heapbeacon_shared::analysis::{Hold, Holder, Holders, LiveBlock};
use heapbeacon_shared::trace::{Address, Reference, Root, RootKind, Scan, Span, name};
use proptest::collection::vec;
use proptest::prelude::*;

const WORD: u64 = 4;
const ROOTS: u64 = 0x100;
const HEAP: u64 = 0x1000;
/// When a scan began: blocks of a larger sequence number are younger.
const STARTED: u64 = 1000;

/// Memory with words in it.
#[derive(Clone, Debug)]
struct Model {
    blocks: Vec<LiveBlock>,
    /// Words of roots, of blocks, and of heap memory between blocks: where they are, and what they hold.
    words: Vec<(u64, u64)>,
    end: u64,
}

/// What a word holds.
#[derive(Clone, Copy, Debug)]
enum Pointer {
    /// An address so far inside of a block.
    Inside(usize, u64),
    /// The address behind the last byte of a block.
    Behind(usize),
    /// Something that is no address of the heap.
    Number(u64),
}

fn pointer() -> impl Strategy<Value = Pointer> {
    prop_oneof![
        4 => (any::<usize>(), any::<u64>()).prop_map(|(block, offset)| Pointer::Inside(block, offset)),
        1 => any::<usize>().prop_map(Pointer::Behind),
        2 => (0..ROOTS).prop_map(Pointer::Number),
    ]
}

fn model() -> impl Strategy<Value = Model> {
    // Size in bytes, and words free behind it.
    let blocks = vec((0..20u64, 0..3u64), 1..24);
    (blocks, 1..8u64, vec(pointer(), 200)).prop_map(|(layout, roots, pointers)| {
        let mut blocks = Vec::new();
        let mut end = HEAP;
        for (index, (size, gap)) in layout.iter().enumerate() {
            blocks.push(LiveBlock {
                address: Address(end),
                size: *size,
                seq: index as u64 + 1,
                is_opaque: false,
            });
            end += size.max(&1).next_multiple_of(WORD) + gap * WORD;
        }
        let places = (0..roots).map(|index| ROOTS + index * WORD);
        let places = places.chain((HEAP..end).step_by(WORD as usize));
        let words = places.zip(pointers).map(|(at, pointer)| {
            let of = |index: usize| &blocks[index % blocks.len()];
            let to = match pointer {
                Pointer::Inside(block, offset) => {
                    of(block).address.0 + offset % of(block).size.max(1)
                }
                Pointer::Behind(block) => of(block).address.0 + of(block).size.max(1),
                Pointer::Number(number) => number,
            };
            (at, to)
        });
        let words = words.collect();
        Model { blocks, words, end }
    })
}

impl Model {
    fn block_of(&self, address: u64) -> Option<u64> {
        let mut blocks = self.blocks.iter();
        let block = blocks.find(|block| {
            (block.address.0..block.address.0 + block.size.max(1)).contains(&address)
        });
        block.map(|block| block.address.0)
    }

    /// Returns the blocks that can be reached from words for which this is so, step by step until nothing is new.
    fn reachable(&self, begins: impl Fn(u64) -> bool) -> BTreeSet<u64> {
        let mut reached = BTreeSet::new();
        loop {
            let before = reached.len();
            for (at, to) in &self.words {
                let leads = begins(*at)
                    || self
                        .block_of(*at)
                        .is_some_and(|from| reached.contains(&from));
                if let (true, Some(to)) = (leads, self.block_of(*to)) {
                    reached.insert(to);
                }
            }
            if reached.len() == before {
                return reached;
            }
        }
    }

    /// Returns what a scan of that memory finds.
    fn references(&self) -> Vec<Reference> {
        let heap = HEAP..self.end;
        let inside = self.words.iter().filter(|(_, to)| heap.contains(to));
        inside
            .map(|(at, to)| (Address(*at), Address(*to)).into())
            .collect()
    }

    fn holders(&self, scan: &Scan) -> Holders {
        // Variables around the heap, which is one of them.
        let root = Root {
            kind: RootKind::Static,
            name: name(".bss"),
            start: Address(ROOTS),
            size: 2 * self.end,
        };
        let heap = Span {
            start: Address(HEAP),
            size: self.end - HEAP,
        };
        let references = self.references();
        // In any order.
        let blocks = self.blocks.iter().rev().copied().collect();
        Holders::new(blocks, &[heap], &[root], &references, scan)
    }
}

const WHOLE: Scan = Scan {
    started_us: STARTED,
    ended_us: STARTED + 1,
    is_whole: true,
    scope: heapbeacon_shared::trace::Scope::Heap,
    found: 0,
    omitted: 0,
    unread: 0,
    untraced_blocks: 0,
    evicted_live: 0,
    gaps: 0,
    doubtful_until_us: 0,
};

proptest! {
    #[test]
    fn a_block_is_held_if_and_only_if_a_chain_from_a_root_leads_to_it(model in model()) {
        let holders = model.holders(&WHOLE);
        let held = model.reachable(|at| at < HEAP);
        let maybe = model.reachable(|at| at < HEAP || model.block_of(at).is_none());
        prop_assert_eq!(holders.blocks(), &model.blocks);
        for (index, block) in holders.blocks().iter().enumerate() {
            let address = block.address.0;
            let expected = match (held.contains(&address), maybe.contains(&address)) {
                (true, _) => Hold::Held,
                (false, true) => Hold::Uncertain,
                (false, false) => Hold::Unreached,
            };
            prop_assert_eq!(holders.hold(index), expected, "{:x}", address);
        }
    }

    #[test]
    fn every_link_of_a_chain_is_a_word_that_points_to_what_is_before_it(model in model()) {
        let holders = model.holders(&WHOLE);
        for index in 0..holders.blocks().len() {
            let mut held = holders.blocks()[index].address.0;
            let mut last = None;
            for holder in holders.chain(index) {
                let (Holder::Root { at, .. } | Holder::Untraced { at } | Holder::Block { at, .. }) = holder;
                let word = model.words.iter().find(|(place, _)| *place == at.0);
                prop_assert_eq!(model.block_of(word.expect("it is there").1), Some(held));
                if let Holder::Block { block, .. } = holder {
                    held = holders.blocks()[block].address.0;
                    prop_assert_eq!(model.block_of(at.0), Some(held));
                }
                last = Some(holder);
            }
            match holders.hold(index) {
                Hold::Held => prop_assert!(matches!(last, Some(Holder::Root { root: 0, .. })), "no root"),
                Hold::Uncertain => prop_assert!(matches!(last, Some(Holder::Untraced { .. })), "no word"),
                Hold::Unreached => prop_assert_eq!(last, None),
            }
        }
    }

    #[test]
    fn what_two_scans_do_not_reach_is_lost_and_nothing_else(first in model(), second in model()) {
        // The same blocks with other words in them: only the part of the memory that both have is looked at.
        let second = Model { blocks: first.blocks.clone(), end: first.end, ..second };
        let (before, now) = (first.holders(&WHOLE), second.holders(&WHOLE));
        let lost: BTreeSet<_> = now.lost_since(&before).into_iter().collect();
        for index in 0..first.blocks.len() {
            let is_lost = [&before, &now].iter().all(|holders| holders.hold(index) == Hold::Unreached);
            prop_assert_eq!(lost.contains(&index), is_lost);
        }
    }

    #[test]
    fn a_scan_that_may_have_missed_something_calls_nothing_unreached(model in model()) {
        let scan = Scan { is_whole: false, ..WHOLE };
        let holders = model.holders(&scan);
        prop_assert!((0..model.blocks.len()).all(|index| holders.hold(index) != Hold::Unreached));
        prop_assert!(holders.lost_since(&model.holders(&WHOLE)).is_empty());
    }
}

/// Returns a block of 16 bytes.
fn block(address: u64, seq: u64) -> LiveBlock {
    LiveBlock {
        address: Address(address),
        size: 16,
        seq,
        is_opaque: false,
    }
}

#[test]
fn a_block_that_is_younger_than_the_scan_is_not_lost() {
    let blocks = vec![block(HEAP, STARTED), block(HEAP + 64, STARTED + 1)];
    let holders = Holders::new(blocks, &[], &[], &[], &WHOLE);
    assert_eq!(holders.hold(0), Hold::Unreached);
    assert_eq!(holders.hold(1), Hold::Uncertain);
    assert_eq!(holders.lost_since(&holders), [0]);
}

#[test]
fn a_block_whose_address_another_one_had_before_is_not_lost() {
    let before = Holders::new(vec![block(HEAP, 1)], &[], &[], &[], &WHOLE);
    let now = Holders::new(vec![block(HEAP, 2)], &[], &[], &[], &WHOLE);
    assert_eq!(now.hold(0), Hold::Unreached);
    assert!(now.lost_since(&before).is_empty());
}

#[test]
fn a_block_that_hardware_may_hold_is_not_lost() {
    let opaque = LiveBlock {
        is_opaque: true,
        ..block(HEAP, 1)
    };
    let holders = Holders::new(vec![opaque], &[], &[], &[], &WHOLE);
    assert_eq!(holders.hold(0), Hold::Uncertain);
}

#[test]
fn a_block_that_may_have_been_freed_while_the_trace_was_stopped_is_not_lost() {
    let scan = Scan {
        doubtful_until_us: STARTED - 1,
        ..WHOLE
    };
    let blocks = vec![block(HEAP, STARTED - 1), block(HEAP + 64, STARTED)];
    let holders = Holders::new(blocks, &[], &[], &[], &scan);
    let holds = [0, 1].map(|index| holders.hold(index));
    assert_eq!(holds, [Hold::Uncertain, Hold::Unreached]);
}

#[test]
fn the_live_part_of_a_stack_in_the_heap_is_a_root_and_the_rest_is_not() {
    let stack = block(HEAP, 1);
    let (live, stale) = (block(HEAP + 64, 2), block(HEAP + 128, 3));
    let root = Root {
        kind: RootKind::Stack,
        name: name("wifi"),
        start: Address(HEAP + 8),
        size: 8,
    };
    let references = [(HEAP + 8, HEAP + 64), (HEAP, HEAP + 128)];
    let references = references.map(|(at, to)| (Address(at), Address(to)).into());
    let heap = Span {
        start: Address(HEAP),
        size: 256,
    };
    let holders = Holders::new(
        vec![stack, live, stale],
        &[heap],
        &[root],
        &references,
        &WHOLE,
    );
    let holds = [0, 1, 2].map(|index| holders.hold(index));
    assert_eq!(holds, [Hold::Unreached, Hold::Held, Hold::Unreached]);
}

#[test]
fn a_list_of_ten_thousand_blocks_with_many_references_is_followed_to_its_end() {
    const BLOCKS: u64 = 10_000;
    let address = |index: u64| HEAP + index * 64;
    let blocks: Vec<_> = (0..BLOCKS).map(|index| block(address(index), 1)).collect();
    let root = Root {
        start: Address(ROOTS),
        size: WORD,
        ..Root::default()
    };
    let first = (Address(ROOTS), Address(HEAP));
    let links = (0..BLOCKS - 1).flat_map(|index| {
        let back = (1..10).map(move |n| (index * 64 + HEAP + n, address(index.saturating_sub(n))));
        back.chain([(address(index), address(index + 1))])
    });
    let links = links.map(|(at, to)| (Address(at), Address(to)));
    let references: Vec<Reference> = [first].into_iter().chain(links).map(Into::into).collect();
    assert!(references.len() > 99_000);
    let holders = Holders::new(blocks, &[], &[root], &references, &WHOLE);
    let last = BLOCKS as usize - 1;
    assert_eq!(holders.hold(last), Hold::Held);
    assert_eq!(holders.chain(last).count(), BLOCKS as usize);
}

#[test]
fn a_word_right_behind_the_end_of_a_root_is_not_in_it() {
    let root = Root {
        start: Address(ROOTS),
        size: 2 * WORD,
        ..Root::default()
    };
    let held_by = |at: u64| {
        let reference = (Address(at), Address(HEAP)).into();
        let holders = Holders::new(
            vec![block(HEAP, 1)],
            &[],
            slice::from_ref(&root),
            &[reference],
            &WHOLE,
        );
        holders.hold(0)
    };
    assert_eq!(held_by(ROOTS + WORD), Hold::Held);
    assert_eq!(held_by(ROOTS + 2 * WORD), Hold::Uncertain);
    assert_eq!(held_by(ROOTS - WORD), Hold::Uncertain);
}
