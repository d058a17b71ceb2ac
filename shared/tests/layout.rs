//! What lies where in a heap, and what pins its holes: against laying it out again without the blocks that pin.

use heapbeacon_shared::analysis::layout::{Hole, Kind, Largest, Layout, Placed, Rules, Stretch};
use proptest::collection::vec;
use proptest::prelude::*;

const START: u64 = 1_000;
const SIZE: u64 = 4_000;
/// Bytes of a pointer.
const POINTER: u8 = 4;
/// Bytes of the smallest hole.
const LEAST: u64 = 24;

fn complete() -> Rules {
    Rules::new(POINTER, 0, true)
}

fn block(address: u64, size: u64, owner: u32) -> Placed {
    Placed {
        address,
        size,
        owner,
    }
}

/// Blocks as an allocator hands them out: none overlaps another. Some lie side by side, some leave a little, some a lot.
fn blocks() -> impl Strategy<Value = Vec<Placed>> {
    let gap = prop_oneof![Just(0), 1..LEAST, LEAST..200];
    let parts = vec((gap, 1_u64..120, 0_u32..5), 0..60);
    parts.prop_map(|parts| {
        let mut at = START;
        let mut placed = Vec::new();
        for (gap, size, owner) in parts {
            if at + gap + size <= START + SIZE {
                placed.push(block(at + gap, size, owner));
                at += gap + size;
            }
        }
        placed
    })
}

/// Blocks of records that were read one after the other: anything.
fn any_blocks() -> impl Strategy<Value = Vec<Placed>> {
    let near = (0_u64..7_000, 0_u64..400, 0_u32..4);
    let wild = (any::<u64>(), any::<u64>(), 0_u32..4);
    let one = prop_oneof![20 => near.boxed(), 1 => wild.boxed()];
    let one = one.prop_map(|(address, size, owner)| block(address, size, owner));
    vec(one, 0..40)
}

fn layout(blocks: &[Placed]) -> Layout {
    Layout::new(START, SIZE, complete(), blocks)
}

/// Returns what a heap would look like without some of its blocks.
fn without(blocks: &[Placed], is_gone: impl Fn(&Placed) -> bool) -> Layout {
    let left: Vec<_> = blocks.iter().filter(|it| !is_gone(it)).copied().collect();
    layout(&left)
}

/// Returns the bytes of the hole that an address lies in.
fn hole_around(layout: &Layout, address: u64) -> Option<u64> {
    let mut holes = layout.holes.iter();
    let found = holes.find(|hole| (hole.address..hole.end()).contains(&address));
    found.map(|hole| hole.bytes)
}

/// Returns the blocks between a hole and the one before or behind it.
fn run(layout: &Layout, index: usize, is_below: bool) -> Vec<Placed> {
    let hole = &layout.holes[index];
    let (from, until) = match is_below {
        true => (
            index
                .checked_sub(1)
                .map_or(0, |before| layout.holes[before].end()),
            hole.address,
        ),
        false => (
            hole.end(),
            layout
                .holes
                .get(index + 1)
                .map_or(u64::MAX, |next| next.address),
        ),
    };
    let pieces = layout.pieces.iter();
    let between = pieces.filter(|piece| (from..until).contains(&piece.address));
    let blocks = between.filter_map(|piece| match piece.kind {
        Kind::Block(block) => Some(block),
        _ => None,
    });
    blocks.collect()
}

fn check_pins(blocks: &[Placed]) -> Result<(), TestCaseError> {
    let layout = layout(blocks);
    for (index, hole) in layout.holes.iter().enumerate() {
        for (pin, is_below) in [(&hole.below, true), (&hole.above, false)] {
            let run = run(&layout, index, is_below);
            let Some(pin) = pin else {
                prop_assert!(run.is_empty(), "{hole:?} is pinned by {run:?}");
                continue;
            };
            prop_assert_eq!(pin.count, run.len() as u64);
            prop_assert_eq!(pin.bytes, run.iter().map(|it| it.size).sum::<u64>());
            prop_assert!(run.starts_with(&pin.named));
            prop_assert_eq!(pin.is_of_one, run.iter().all(|it| it.owner == run[0].owner));
            let freed = without(blocks, |it| run.contains(it));
            prop_assert_eq!(hole_around(&freed, hole.address), Some(pin.becomes));
            prop_assert!(pin.becomes > hole.bytes);
        }
    }
    Ok(())
}

fn check_owners(blocks: &[Placed]) -> Result<(), TestCaseError> {
    let layout = layout(blocks);
    for owner in 0..5 {
        let freed = without(blocks, |it| it.owner == owner);
        // Where there is a hole now, and blocks of this owner are in what it becomes.
        let own = blocks.iter().filter(|it| it.owner == owner);
        let around = own.filter_map(|it| {
            let mut holes = freed.holes.iter();
            let hole = holes.find(|hole| (hole.address..hole.end()).contains(&it.address))?;
            let mut before = layout.holes.iter();
            before
                .any(|small| (hole.address..hole.end()).contains(&small.address))
                .then_some(hole.bytes)
        });
        let most = around.max();
        let told = layout.owners.iter().find(|stretch| stretch.owner == owner);
        prop_assert_eq!(told.map(|stretch| stretch.bytes), most);
    }
    Ok(())
}

proptest! {
    #[test]
    fn pieces_make_up_the_region_whatever_the_records_say(blocks in any_blocks(), most in 0_u64..900) {
        for rules in [complete(), Rules::new(POINTER, most, false)] {
            let layout = Layout::new(START, SIZE, rules, &blocks);
            let mut at = START;
            for piece in &layout.pieces {
                prop_assert_eq!(piece.address, at);
                prop_assert!(piece.bytes > 0);
                at = piece.end();
            }
            prop_assert_eq!(at, START + SIZE);
            let sums = layout.sums;
            prop_assert_eq!(sums.blocks + sums.holes + sums.overhead + sums.unknown, SIZE);
            prop_assert_eq!(sums.hole_count, layout.holes.len() as u64);
            for hole in &layout.holes {
                prop_assert!(hole.bytes >= LEAST && hole.bytes <= rules.most);
                prop_assert_eq!(layout.hole_at(hole.address), Some(hole));
            }
        }
    }

    #[test]
    fn without_what_pins_it_a_hole_is_as_large_as_was_said(blocks in blocks()) {
        check_pins(&blocks)?;
    }

    #[test]
    fn without_the_blocks_of_an_owner_there_is_the_hole_that_was_said(blocks in blocks()) {
        check_owners(&blocks)?;
    }

    #[test]
    fn a_device_without_room_lists_the_largest_and_tells_of_them_what_a_page_does(
        blocks in any_blocks(),
        most in 0_u64..900,
        is_complete: bool,
    ) {
        let rules = Rules::new(POINTER, most, is_complete);
        let layout = Layout::new(START, SIZE, rules, &blocks);
        let mut largest = Largest::<3, 2>::new(START, SIZE, rules);
        let mut sorted = blocks;
        sorted.retain(|it| (START..START + SIZE).contains(&it.address));
        sorted.sort_by_key(|it| it.address);
        sorted.into_iter().for_each(|block| largest.take(block));
        largest.finish();
        let mut holes = layout.holes.clone();
        holes.sort_by_key(|hole| (u64::MAX - hole.bytes, hole.address));
        prop_assert_eq!(layout.largest(), holes.first());
        prop_assert_eq!(&largest.holes[..], &holes[..holes.len().min(3)]);
        let owners = &layout.owners;
        prop_assert_eq!(&largest.owners[..], &owners[..owners.len().min(2)]);
        prop_assert_eq!(largest.sums, layout.sums);
    }
}

#[test]
fn a_short_gap_is_the_allocators_and_a_long_one_is_a_hole() {
    let placed = [block(START, 100, 1), block(START + 100 + LEAST - 1, 100, 1)];
    let told = layout(&placed);
    assert_eq!((told.sums.overhead, told.holes.len()), (LEAST - 1, 1));
    let placed = [block(START, 100, 1), block(START + 100 + LEAST, 100, 1)];
    assert_eq!(layout(&placed).holes.len(), 2);
}

#[test]
fn what_is_longer_than_the_allocator_has_in_one_piece_is_no_hole_unless_all_blocks_are_known() {
    let placed = [block(START + 1_000, 100, 1)];
    // It has 880 bytes in one piece, and an eighth more that it can't hand out; behind the block are 2,900.
    let rules = Rules::new(POINTER, 880, false);
    let told = Layout::new(START, SIZE, rules, &placed);
    assert_eq!((told.sums.holes, told.sums.unknown), (1_000, 2_900));
    let [hole] = told.holes.as_slice() else {
        panic!("{told:?}");
    };
    // What no record is of lies behind the block: nobody knows what would be there without it.
    assert_eq!((hole.above.as_ref(), hole.weakest()), (None, None));
    assert_eq!(
        told.owners,
        [Stretch {
            owner: 1,
            address: START,
            bytes: 1_100,
            blocks: 1,
            block_bytes: 100,
            holes: 1
        }]
    );
    assert_eq!(told.sums.untold(900), 3_000);
    assert_eq!(layout(&placed).sums.unknown, 0);
}

#[test]
fn the_weakest_pin_is_the_one_with_the_fewest_blocks() {
    let placed = [
        block(START + 100, 50, 1),
        block(START + 150, 50, 2),
        block(START + 300, 50, 3),
    ];
    let told = layout(&placed);
    let hole: &Hole = told.hole_at(START + 200).expect("it is there");
    let weakest = hole.weakest().expect("it is pinned");
    assert_eq!((weakest.count, weakest.named[0].owner), (1, 3));
    assert_eq!(weakest.becomes, SIZE - 200);
    let below = hole.below.as_ref().expect("two blocks");
    assert_eq!(
        (below.count, below.is_of_one, below.becomes),
        (2, false, 300)
    );
}
