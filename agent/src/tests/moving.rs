//! Scans of memory in which references move all the time: what is held is never called lost.

use core::cell::RefCell;
use core::ops::Range;
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use heapbeacon_shared::analysis::{Hold, Holders, LiveBlock};
use heapbeacon_shared::trace::{Address, Scan, Span};

use crate::memory::{Area, AreaKind, WORD};
use crate::platform::Platform;
use crate::read::references::{Found, LOOKS, References, roots};
use crate::tests::board::{Board, list, set_clock};
use crate::tests::references::{allocate, restart};

/// Where the memory is that a test has made up.
const FIRST: usize = 0x3FC8_0000;
/// Words of a root.
const ROOT: usize = 8;
/// Words of a block.
const BLOCK: usize = 8;

type Step = dyn FnMut(&mut [usize]);

/// Memory whose words change while they are read.
struct World {
    words: Vec<usize>,
    /// Does what the firmware does between two readings.
    step: Box<Step>,
}

std::thread_local! {
    static WORLD: RefCell<Option<World>> = const { RefCell::new(None) };
}

fn address(word: usize) -> usize {
    FIRST + word * WORD
}

fn read(from: usize, out: &mut [usize]) -> usize {
    WORLD.with_borrow_mut(|world| {
        let world = world.as_mut().expect("there is one");
        let first = (from - FIRST) / WORD;
        out.copy_from_slice(&world.words[first..first + out.len()]);
        (world.step)(&mut world.words);
    });
    out.len()
}

/// Numbers in no order, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}

/// Makes a root and a heap of which these words are live blocks.
fn make(words: Vec<usize>, blocks: &[Range<usize>], step: impl FnMut(&mut [usize]) + 'static) {
    let area = |kind, words: Range<usize>| {
        Area::read_by(
            read,
            kind,
            "memory",
            address(words.start)..address(words.end),
        )
    };
    let areas = [
        area(AreaKind::Static, 0..ROOT),
        area(AreaKind::Heap, ROOT..words.len()),
    ];
    if Board::tracer().is_recording() {
        restart();
    } else {
        Board::trace_into(64 * 1024 + blocks.len() * 128);
    }
    for (index, block) in blocks.iter().enumerate() {
        allocate(&(address(block.start)..address(block.end)), index as u64);
    }
    list(areas.into(), blocks.len() as u64);
    let step = Box::new(step);
    WORLD.set(Some(World { words, step }));
}

/// Scans, and tells by each block whether something holds it.
fn scan(blocks: &[Range<usize>]) -> Holders {
    // What a scan compares, and how, goes by when it begins.
    set_clock(Board::now_us() + 12_345);
    let mut scan = References::begin::<Board>(LOOKS).expect("it may begin");
    let heap: Vec<Span> = scan.heap().collect();
    let mut references = Vec::new();
    let scan = loop {
        match scan.read_next::<Board>() {
            Found::Reference(reference) => references.push(reference),
            Found::Pause => {}
            Found::End => break scan.finish::<Board>().expect("the trace goes on"),
        }
    };
    assert!(scan.is_whole, "{scan:?}");
    let live = blocks.iter().map(|block| LiveBlock {
        address: Address(address(block.start) as u64),
        size: ((block.end - block.start) * WORD) as u64,
        seq: 1,
        is_opaque: false,
    });
    let scan = Scan {
        started_us: 2,
        ..scan
    };
    let roots: Vec<_> = roots::<Board>().collect();
    Holders::new(live.collect(), &heap, &roots, &references, &scan)
}

/// Returns the indices of blocks that two scans call lost.
fn lost(blocks: &[Range<usize>]) -> Vec<usize> {
    let before = scan(blocks);
    scan(blocks).lost_since(&before)
}

fn end() {
    list(Vec::new(), 0);
    WORLD.set(None);
}

/// Blocks one behind the other, the first two of which are containers of so many words; roots hold these.
fn two_containers(room: usize, others: usize, gap: usize) -> (Vec<usize>, Vec<Range<usize>>) {
    let (one, first) = (ROOT..ROOT + room, ROOT + room + gap);
    let behind = first + others * BLOCK + gap;
    let mut blocks = vec![one, behind..behind + room];
    blocks.extend((0..others).map(|index| first + index * BLOCK..first + (index + 1) * BLOCK));
    let mut words = vec![0; behind + room];
    words[0] = address(blocks[0].start);
    words[1] = address(blocks[1].start);
    (words, blocks)
}

/// Lets one block go back and forth between two containers: at each reading, if the dice want that.
fn one_that_moves(seed: u64, seldom: usize) -> Vec<Range<usize>> {
    let (mut words, blocks) = two_containers(8, 1, 300);
    let slots = [blocks[0].start, blocks[1].start];
    words[slots[0]] = address(blocks[2].start);
    let mut dice = Dice(seed);
    make(words, &blocks, move |words| {
        if dice.below(seldom) == 0 {
            words.swap(slots[0], slots[1]);
        }
    });
    blocks
}

#[test]
fn a_single_block_that_goes_back_and_forth_is_never_lost() {
    for seed in 1..=150 {
        for seldom in [1, 2, 7, 40] {
            let blocks = one_that_moves(seed, seldom);
            assert_eq!(lost(&blocks), [0; 0], "seed {seed}, one of {seldom}");
        }
    }
    end();
}

#[test]
fn thousands_of_blocks_that_move_all_the_time_are_never_lost() {
    const BLOCKS: usize = 3_000;
    let (mut words, blocks) = two_containers(BLOCKS, BLOCKS, 0);
    let containers = [blocks[0].start, blocks[1].start];
    for index in 0..BLOCKS {
        words[containers[index % 2] + index] = address(blocks[2 + index].start);
    }
    let mut dice = Dice(7);
    make(words, &blocks, move |words| {
        for _ in 0..40 {
            let index = dice.below(BLOCKS);
            words.swap(containers[0] + index, containers[1] + index);
        }
    });
    assert_eq!(lost(&blocks), [0; 0]);
    end();
}

/// As of a pool that takes its blocks from one end and puts them back at the other, each time to another place.
#[test]
fn a_block_that_wanders_through_a_ring_is_never_lost() {
    const ROOM: usize = 500;
    for seed in 1..=150 {
        let (mut words, blocks) = two_containers(ROOM, 1, 0);
        let mut place = blocks[0].start;
        let block = address(blocks[2].start);
        words[place] = block;
        let (mut dice, first) = (Dice(seed), blocks[0].start);
        make(words, &blocks, move |words| {
            words[place] = 0;
            place = first + dice.below(ROOM);
            words[place] = block;
        });
        assert_eq!(lost(&blocks), [0; 0], "seed {seed}");
    }
    end();
}

/// A list whose entries refer to each other: where its head is missed, all are.
#[test]
fn a_list_that_moves_as_a_whole_is_never_lost() {
    for seed in 1..=100 {
        let (mut words, blocks) = two_containers(8, 30, 200);
        for pair in blocks[2..].windows(2) {
            words[pair[0].start] = address(pair[1].start);
        }
        let slots = [blocks[0].start, blocks[1].start];
        words[slots[0]] = address(blocks[2].start);
        let mut dice = Dice(seed);
        make(words, &blocks, move |words| {
            if dice.below(3) == 0 {
                words.swap(slots[0], slots[1]);
            }
        });
        assert_eq!(lost(&blocks), [0; 0], "seed {seed}");
    }
    end();
}

/// As of an intrusive list: what points to a block points into its middle.
#[test]
fn a_block_that_is_linked_anew_by_its_middle_is_never_lost() {
    for seed in 1..=100 {
        let (mut words, blocks) = two_containers(8, 2, 300);
        let slots = [blocks[0].start, blocks[1].start];
        let link = blocks[2].start + 3;
        words[slots[0]] = address(link);
        words[link] = address(blocks[3].start + 3);
        let mut dice = Dice(seed);
        make(words, &blocks, move |words| {
            if dice.below(2) == 0 {
                words.swap(slots[0], slots[1]);
            }
        });
        assert_eq!(lost(&blocks), [0; 0], "seed {seed}");
    }
    end();
}

/// Between two words, with each pause of a scan, as a task does that has its turn then. Where slices were alike, some of these rooms would make looks
/// that are of an even number of them.
#[test]
fn a_block_that_moves_in_step_with_the_pauses_is_never_missed() {
    for room in (3_900..4_200).step_by(4) {
        let (mut words, blocks) = two_containers(room, 1, 0);
        let slots = [blocks[0].start, blocks[1].start];
        words[slots[1]] = address(blocks[2].start);
        make(words, &blocks, |_| {});
        let moved = Address(address(blocks[2].start) as u64);
        for _ in 0..2 {
            let is_told = is_told_while(moved, || {
                WORLD.with_borrow_mut(|world| {
                    let world = world.as_mut().expect("there is one");
                    world.words.swap(slots[0], slots[1]);
                });
            });
            assert!(is_told, "in containers of {room}");
        }
    }
    end();
}

/// Returns whether a scan tells a word that points somewhere, with something done at each pause.
fn is_told_while(to: Address, mut meanwhile: impl FnMut()) -> bool {
    let mut scan = References::begin::<Board>(LOOKS).expect("it may begin");
    let mut is_told = false;
    loop {
        match scan.read_next::<Board>() {
            Found::Reference(found) => is_told |= found.to == to,
            Found::Pause => meanwhile(),
            Found::End => return is_told,
        }
    }
}

#[test]
fn what_is_lost_is_found_beside_what_moves() {
    let (mut words, blocks) = two_containers(8, 400, 300);
    let slots = [blocks[0].start, blocks[1].start];
    words[slots[0]] = address(blocks[2].start);
    // A ring that is cut from its root, and what only the ring holds.
    let ring = [300, 301, 302].map(|index| blocks[index].start);
    words[ring[0]] = address(ring[1]);
    words[ring[1]] = address(ring[0]);
    words[ring[1] + 1] = address(ring[2]);
    let mut dice = Dice(3);
    make(words, &blocks, move |words| {
        if dice.below(2) == 0 {
            words.swap(slots[0], slots[1]);
        }
    });
    let lost = lost(&blocks);
    let found = scan(&blocks);
    let is_lost = |start: usize| {
        lost.iter()
            .any(|index| found.blocks()[*index].address.0 == address(start) as u64)
    };
    assert!(ring.iter().all(|start| is_lost(*start)));
    assert!(!is_lost(blocks[2].start));
    assert_eq!(found.hold(0), Hold::Held);
    end();
}
