//! What firmware does with its pointers, and whether that is held, lost, or in doubt.

use heapbeacon_shared::analysis::{Hold, Holder, Holders, LiveBlock};
use heapbeacon_shared::trace::{Address, Reference, Root, RootKind, Scan, Span, name};

use super::{STARTED, WHOLE, WORD};

const BSS: u64 = 0x3FC0_0000;
const STACK: u64 = 0x3FC4_0000;
const HEAP: u64 = 0x3FC8_0000;
const HEAP_BYTES: u64 = 0x1_0000;

/// Blocks, and words that a scan has read.
#[derive(Clone, Default)]
struct Memory {
    blocks: Vec<LiveBlock>,
    words: Vec<(u64, u64)>,
}

impl Memory {
    /// Adds a block of 64 bytes, and returns its address; free memory is between it and the next.
    fn block(&mut self) -> u64 {
        self.block_of(64)
    }

    fn block_of(&mut self, size: u64) -> u64 {
        let last = self.blocks.last();
        let end = last.map_or(HEAP, |block| block.address.0 + block.size.max(1));
        let address = end.next_multiple_of(WORD) + 4 * WORD;
        self.blocks.push(LiveBlock {
            address: Address(address),
            size,
            seq: self.blocks.len() as u64 + 1,
            is_opaque: false,
        });
        address
    }

    fn last(&mut self) -> &mut LiveBlock {
        self.blocks.last_mut().expect("there is one")
    }

    /// Lets a word point somewhere, as far as a scan sees: a number outside of the heap it leaves out.
    fn point(&mut self, at: u64, to: u64) {
        if (HEAP..HEAP + HEAP_BYTES).contains(&to) {
            self.words.push((at, to));
        }
    }

    fn scan(&self, scan: &Scan) -> Holders {
        let root = |kind, title, start| Root {
            kind,
            name: name(title),
            start: Address(start),
            size: 0x1000,
        };
        let roots = [
            root(RootKind::Static, ".bss", BSS),
            root(RootKind::Stack, "main", STACK),
        ];
        let heap = Span {
            start: Address(HEAP),
            size: HEAP_BYTES,
        };
        let words = self.words.iter();
        let references: Vec<Reference> = words
            .map(|(at, to)| (Address(*at), Address(*to)).into())
            .collect();
        Holders::new(self.blocks.clone(), &[heap], &roots, &references, scan)
    }

    fn hold(&self, block: u64) -> Hold {
        let holders = self.scan(&WHOLE);
        let mut blocks = holders.blocks().iter();
        let index = blocks.position(|other| other.address.0 == block);
        holders.hold(index.expect("there is one"))
    }

    fn holds(&self, blocks: &[u64]) -> Vec<Hold> {
        blocks.iter().map(|block| self.hold(*block)).collect()
    }
}

/// Returns the addresses of blocks that two scans call lost.
fn lost(before: &Memory, now: &Memory) -> Vec<u64> {
    let (before, now) = (before.scan(&WHOLE), now.scan(&WHOLE));
    let lost = now.lost_since(&before).into_iter();
    lost.map(|index| now.blocks()[index].address.0).collect()
}

use Hold::{Held, Uncertain, Unreached};

#[test]
fn entries_of_an_intrusive_list_are_held_by_links_in_their_middle() {
    let mut memory = Memory::default();
    let entries = [0; 3].map(|_| memory.block());
    memory.point(BSS, entries[0] + 40);
    memory.point(entries[0] + 40, entries[1] + 40);
    memory.point(entries[1] + 40, entries[2] + 40);
    // The last one is linked to the list's head, which is a static.
    memory.point(entries[2] + 40, BSS);
    assert_eq!(memory.holds(&entries), [Held; 3]);
}

#[test]
fn a_block_is_held_by_its_last_byte_and_not_by_the_one_behind() {
    let mut memory = Memory::default();
    let (last, behind) = (memory.block(), memory.block());
    memory.point(BSS, last + 63);
    memory.point(BSS + 4, behind + 64);
    assert_eq!(memory.holds(&[last, behind]), [Held, Unreached]);
}

#[test]
fn flags_in_the_low_bits_of_an_address_hold_its_block() {
    let mut memory = Memory::default();
    let blocks = [0; 3].map(|_| memory.block());
    for (flags, block) in (1..).zip(blocks) {
        memory.point(BSS + flags * WORD, block | flags);
    }
    assert_eq!(memory.holds(&blocks), [Held; 3]);
}

/// What no scan can see, as ARCHITECTURE.md says.
#[test]
fn an_address_with_a_flag_in_its_high_bit_and_a_difference_of_two_are_no_references() {
    let mut memory = Memory::default();
    let (flagged, combined, other) = (memory.block(), memory.block(), memory.block());
    memory.point(BSS, flagged | 1 << 31);
    memory.point(BSS + 4, combined ^ other);
    assert_eq!(memory.holds(&[flagged, combined, other]), [Unreached; 3]);
}

/// A list of which each entry has both neighbours combined is reachable at its ends, and between them by nothing that a scan sees; so
/// a board with such lists tells of their blocks as a driver's.
#[test]
fn the_ends_of_a_combined_list_are_held() {
    let mut memory = Memory::default();
    let entries = [0; 3].map(|_| memory.block());
    memory.point(BSS, entries[0]);
    memory.point(BSS + 4, entries[2]);
    memory.point(entries[1], entries[0] ^ entries[2]);
    memory.blocks[1].is_opaque = true;
    assert_eq!(memory.holds(&entries), [Held, Uncertain, Held]);
}

#[test]
fn a_stack_and_a_static_hold_alike() {
    let mut memory = Memory::default();
    let (local, global) = (memory.block(), memory.block());
    memory.point(STACK + 0xFFC, local);
    memory.point(BSS + 0xFFC, global);
    assert_eq!(memory.holds(&[local, global]), [Held; 2]);
}

/// As the registers of a task that waits, which FreeRTOS keeps in the task's stack, a block of the heap.
#[test]
fn registers_in_a_block_hold_what_they_point_to_where_the_block_is_held() {
    let mut memory = Memory::default();
    let (task, saved) = (memory.block_of(512), memory.block());
    memory.point(task + 300, saved);
    assert_eq!(memory.holds(&[task, saved]), [Unreached; 2]);
    memory.point(BSS + 8, task);
    assert_eq!(memory.holds(&[task, saved]), [Held; 2]);
}

#[test]
fn a_ring_is_lost_once_its_root_lets_go() {
    let mut memory = Memory::default();
    let ring = [0; 4].map(|_| memory.block());
    for (index, block) in ring.iter().enumerate() {
        memory.point(*block, ring[(index + 1) % 4]);
        memory.point(*block + 4, ring[(index + 3) % 4]);
    }
    let cut = memory.clone();
    memory.point(BSS, ring[2]);
    assert_eq!(memory.holds(&ring), [Held; 4]);
    assert_eq!(lost(&memory, &cut), [0; 0], "by one scan only");
    assert_eq!(lost(&cut, &cut), ring);
}

#[test]
fn two_blocks_that_hold_each_other_are_lost_and_so_is_what_only_they_hold() {
    let mut memory = Memory::default();
    let (one, other, theirs) = (memory.block(), memory.block(), memory.block());
    memory.point(one, other);
    memory.point(other, one);
    memory.point(other + 8, theirs);
    assert_eq!(lost(&memory, &memory), [one, other, theirs]);
}

#[test]
fn a_block_that_points_to_itself_is_lost() {
    let mut memory = Memory::default();
    let block = memory.block();
    memory.point(block + 4, block);
    assert_eq!(lost(&memory, &memory), [block]);
}

#[test]
fn a_block_that_a_lost_one_and_a_static_hold_is_held() {
    let mut memory = Memory::default();
    let (lost_one, shared) = (memory.block(), memory.block());
    memory.point(lost_one, shared);
    memory.point(BSS, shared);
    assert_eq!(lost(&memory, &memory), [lost_one]);
    assert_eq!(memory.hold(shared), Held);
}

#[test]
fn a_block_of_no_size_is_held_by_its_address() {
    let mut memory = Memory::default();
    let (held, other) = (memory.block_of(0), memory.block_of(0));
    memory.point(BSS, held);
    assert_eq!(memory.holds(&[held, other]), [Held, Unreached]);
}

#[test]
fn what_grew_to_another_place_between_two_scans_is_not_lost() {
    let mut memory = Memory::default();
    memory.block();
    let before = memory.clone();
    // A record of its own, at another address; the old place is free.
    memory.block_of(128);
    memory.blocks.remove(0);
    assert_eq!(lost(&before, &memory), [0; 0]);
}

#[test]
fn a_block_at_the_place_of_one_that_was_lost_and_freed_is_not_lost_by_that() {
    let mut memory = Memory::default();
    let block = memory.block();
    let mut reused = memory.clone();
    reused.last().seq = STARTED - 1;
    assert_eq!(lost(&memory, &memory), [block]);
    assert_eq!(lost(&memory, &reused), [0; 0]);
}

#[test]
fn what_old_words_in_free_memory_point_to_is_in_doubt_and_so_is_what_that_holds() {
    let mut memory = Memory::default();
    let (one, other) = (memory.block(), memory.block());
    memory.point(one + 64 + WORD, one);
    memory.point(one, other);
    assert_eq!(memory.holds(&[one, other]), [Uncertain; 2]);
}

#[test]
fn what_a_word_that_has_moved_pointed_to_is_in_doubt_and_so_is_what_that_holds() {
    let mut memory = Memory::default();
    let (one, other) = (memory.block(), memory.block());
    memory.point(Reference::MOVED.0, one);
    memory.point(one, other);
    assert_eq!(memory.holds(&[one, other]), [Uncertain; 2]);
    assert_eq!(lost(&memory, &memory), [0; 0]);
}

/// Counted by two scans, of which the first may have found it where it was, or one that has gone.
#[test]
fn blocks_that_nobody_can_tell_of_for_words_that_have_moved_are_counted() {
    let mut still = Memory::default();
    let (one, other, held) = (still.block(), still.block(), still.block());
    still.point(one, other);
    still.point(other, held);
    still.point(BSS, held);
    let mut moving = still.clone();
    moving.point(Reference::MOVED.0, one);
    let count = |before: &Memory, now: &Memory| {
        let (before, now) = (before.scan(&WHOLE), now.scan(&WHOLE));
        now.moved_since(&before)
    };
    assert_eq!(count(&still, &still), 0);
    for (before, now) in [(&still, &moving), (&moving, &still), (&moving, &moving)] {
        assert_eq!(count(before, now), 2, "the static's own is none");
    }
    let mut found = still.clone();
    found.point(BSS + 4, one);
    assert_eq!(count(&found, &moving), 0, "it was held then");
}

#[test]
fn what_only_a_drivers_block_holds_is_in_doubt_as_that_is() {
    let mut memory = Memory::default();
    let drivers = memory.block();
    memory.last().is_opaque = true;
    let (own, further) = (memory.block(), memory.block());
    memory.point(drivers + 8, own);
    memory.point(own, further);
    memory.point(further, own);
    assert_eq!(memory.holds(&[drivers, own, further]), [Uncertain; 3]);
}

/// As where a queue grows while it is scanned: what was in it is in a block by then that is younger than the scan.
#[test]
fn what_only_a_young_block_holds_is_in_doubt_as_that_is() {
    let mut memory = Memory::default();
    let entry = memory.block();
    let queue = memory.block();
    memory.last().seq = STARTED + 1;
    memory.point(queue, entry);
    assert_eq!(memory.holds(&[entry, queue]), [Uncertain; 2]);
}

#[test]
fn what_only_a_block_holds_that_may_be_gone_is_in_doubt_as_that_is() {
    let mut memory = Memory::default();
    let old = memory.block();
    let newer = memory.block();
    memory.last().seq = 500;
    memory.point(old, newer);
    let scan = Scan {
        doubtful_until_us: 400,
        ..WHOLE
    };
    let holders = memory.scan(&scan);
    assert_eq!([holders.hold(0), holders.hold(1)], [Uncertain; 2]);
    let chain: Vec<_> = holders.chain(1).collect();
    let at = Address(old);
    assert_eq!(chain, [Holder::Block { block: 0, at }]);
}

#[test]
fn a_long_list_that_only_a_drivers_block_holds_is_in_doubt_to_its_end() {
    const LENGTH: usize = 500;
    let mut memory = Memory::default();
    let entries: Vec<_> = (0..LENGTH).map(|_| memory.block()).collect();
    memory.blocks[0].is_opaque = true;
    for pair in entries.windows(2) {
        memory.point(pair[0], pair[1]);
    }
    let holders = memory.scan(&WHOLE);
    assert!((0..LENGTH).all(|index| holders.hold(index) == Uncertain));
}
