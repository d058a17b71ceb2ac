//! Scans of memory that a test has made, against what is in it.

use core::num::NonZeroUsize;
use core::ops::Range;
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use heapbeacon_shared::trace::{Reference, Scan, Scope};
use proptest::collection::vec as any_of;
use proptest::prelude::*;

use crate::memory::{Area, AreaKind, WORD};
use crate::platform::Platform;
use crate::read::references::{Found, LOOKS, NoScan, References};
use crate::tests::board::{Board, list};
use crate::tracer::{Allocation, Free, Mode};

/// Words that stand for a device's memory.
pub(crate) struct Memory {
    words: &'static [usize],
    first: usize,
}

impl Memory {
    /// Makes memory whose words are made once its first address is known.
    pub(crate) fn new(count: usize, word: impl Fn(usize, usize) -> usize) -> Self {
        let words = Box::leak(vec![0; count].into_boxed_slice());
        let first = words.as_ptr().addr();
        for (index, place) in words.iter_mut().enumerate() {
            *place = word(first, index);
        }
        let words: &'static [usize] = words;
        let first = words.as_ptr().expose_provenance();
        Self { words, first }
    }

    /// Returns the addresses of some words.
    pub(crate) fn of(&self, words: Range<usize>) -> Range<usize> {
        self.first + words.start * WORD..self.first + words.end * WORD
    }

    /// Describes some words, or bytes beside them.
    pub(crate) fn area(&self, kind: AreaKind, memory: Range<usize>) -> Area {
        assert!(self.first <= memory.start && memory.end <= self.of(0..self.words.len()).end);
        // SAFETY: it was leaked, and lies inside.
        unsafe { Area::new(kind, "memory", memory) }
    }

    /// Returns the words at some addresses that hold an address in the heap.
    fn pointers(&self, memory: Range<usize>, heap: &Range<usize>) -> Vec<Reference> {
        let indices = (memory.start - self.first).div_ceil(WORD)..(memory.end - self.first) / WORD;
        let words = indices.map(|index| (self.first + index * WORD, self.words[index]));
        let pointers = words.filter(|(_, to)| heap.contains(to));
        pointers.map(|(at, to)| reference(at, to)).collect()
    }
}

fn reference(at: usize, to: usize) -> Reference {
    let address = |address| heapbeacon_shared::trace::Address(address as u64);
    (address(at), address(to)).into()
}

pub(crate) fn allocate(memory: &Range<usize>, time_us: u64) {
    Board::tracer().allocated(&Allocation {
        address: NonZeroUsize::new(memory.start).expect("null is no block"),
        size: memory.len(),
        time_us,
        core: 0,
        task: 0,
        stack: &[0x4200_0000].into_iter().collect(),
    });
}

pub(crate) fn free(memory: &Range<usize>) {
    Board::tracer().freed(&Free {
        address: memory.start,
        size: 0,
        time_us: 0,
        core: 0,
        task: 0,
        stack: &[].into_iter().collect(),
    });
}

pub(crate) fn restart() {
    let started = Board::tracer().start(Mode::Leaks, 0);
    started.expect("it was initialised");
}

/// Scans, with something done at each pause and each reference.
fn scan_while(mut meanwhile: impl FnMut()) -> (Vec<Reference>, Option<Scan>) {
    let mut scan = References::begin::<Board>(LOOKS).expect("it may begin");
    let mut found = Vec::new();
    loop {
        match scan.read_next::<Board>() {
            Found::Reference(reference) => found.push(reference),
            Found::Pause => {}
            Found::End => return (found, scan.finish::<Board>()),
        }
        meanwhile();
    }
}

fn scan() -> (Vec<Reference>, Scan) {
    let (found, scan) = scan_while(|| {});
    let scan = scan.expect("the trace goes on");
    assert_eq!(scan.found as usize, found.len());
    (found, scan)
}

/// Words of a model: 40 of a root, 24 of a heap region, 8 of the root again, 40 of another region, 16 behind.
const HEAPS: [Range<usize>; 2] = [40..64, 72..112];
const ALL: Range<usize> = 0..128;

/// Makes memory with random words: inside, behind and outside of the heap.
fn model(choices: &[(u8, usize)]) -> Memory {
    Memory::new(ALL.end, |first, index| match choices[index] {
        (0, byte) => first + HEAPS[0].start * WORD + byte % (HEAPS[0].len() * WORD),
        (1, byte) => first + HEAPS[1].start * WORD + byte % (HEAPS[1].len() * WORD),
        (2, heap) => first + HEAPS[heap % 2].end * WORD,
        (3, heap) => first + HEAPS[heap % 2].start * WORD - 1,
        (_, number) => number,
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn each_word_that_points_into_the_heap_is_found_but_for_the_agents_own(
        choices in any_of((0..6u8, any::<usize>()), ALL.end),
        own in (0..ALL.end * WORD, 0..ALL.end * WORD),
        unaligned in (0..WORD, 0..WORD),
        is_complete in any::<bool>(),
        blocks in any_of((0..2usize, 0..24usize, 0..9 * WORD, any::<bool>()), 0..6),
    ) {
        let memory = model(&choices);
        let whole = memory.of(ALL);
        let root = whole.start + unaligned.0..whole.end - unaligned.1;
        let own = whole.start + own.0.min(own.1)..whole.start + own.0.max(own.1);
        let heaps = HEAPS.map(|heap| memory.of(heap));
        let heap_areas = heaps.clone().map(|heap| memory.area(AreaKind::Heap, heap));
        let others = [memory.area(AreaKind::Static, root.clone()), Area::own(own.clone())];

        if Board::tracer().is_recording() {
            restart();
        } else {
            Board::trace();
        }
        let mut live = Vec::new();
        for (heap, start, size, is_freed) in blocks {
            let start = heaps[heap].start + start * WORD;
            // No two live blocks overlap, and none reaches out of its region.
            let block = start..start + size.min(heaps[heap].end - start);
            if live.iter().any(|other: &Range<usize>| other.start <= block.end && block.start <= other.end) {
                continue;
            }
            allocate(&block, 0);
            if is_freed {
                free(&block);
            } else {
                live.push(block);
            }
        }
        let handed = live.len() as u64 + u64::from(!is_complete);
        list(heap_areas.into_iter().chain(others).collect(), handed);

        let (mut found, scan) = scan();
        let is_in_a_heap = |at: usize| heaps.iter().any(|heap| heap.contains(&at));
        let mut expected = Vec::new();
        for heap in &heaps {
            let of_root = memory.pointers(root.clone(), heap);
            let of_root = of_root
                .into_iter()
                .filter(|reference| !is_in_a_heap(reference.at.0 as usize));
            // Before the heap and behind it.
            expected.extend(of_root.flat_map(|reference| [reference; 2]));
            let scanned = if is_complete { &live[..] } else { &heaps[..] };
            for memory_of in scanned {
                let places = memory_of.start..memory_of.end.max(memory_of.start);
                expected.extend(memory.pointers(places, heap));
            }
        }
        let is_own = |at: usize| at < own.end && own.start < at + WORD;
        expected.retain(|reference| own.is_empty() || !is_own(reference.at.0 as usize));
        expected.sort_unstable();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
        prop_assert!(scan.is_whole);
        prop_assert_eq!(scan.scope, if is_complete { Scope::Blocks } else { Scope::Heap });
        list(Vec::new(), 0);
    }
}

/// Traces a heap of 128 words, in which the word of each index points to the word behind it, behind a root of 8.
fn chain_of_words() -> (Memory, Range<usize>) {
    let memory = Memory::new(136, |first, index| first + (index + 1) % 136 * WORD);
    let heap = memory.of(8..136);
    Board::trace();
    let areas = [
        memory.area(AreaKind::Heap, heap.clone()),
        memory.area(AreaKind::Static, memory.of(0..8)),
    ];
    list(areas.into(), 1);
    (memory, heap)
}

#[test]
fn a_block_that_is_allocated_while_a_scan_goes_on_is_read() {
    let (memory, _) = chain_of_words();
    let (first, second) = (memory.of(8..16), memory.of(32..40));
    allocate(&first, 0);
    let mut is_allocated = false;
    let (found, scan) = scan_while(|| {
        if !core::mem::replace(&mut is_allocated, true) {
            allocate(&second, 1);
        }
    });
    assert!(
        found
            .iter()
            .any(|reference| second.contains(&(reference.at.0 as usize)))
    );
    // The allocator of this board says that it has handed out one block: so there is one less than the trace knows.
    let scan = scan.expect("the trace goes on");
    assert_eq!((scan.scope, scan.is_whole), (Scope::Blocks, false));
    list(Vec::new(), 0);
}

#[test]
fn a_block_that_is_freed_while_it_is_read_does_not_disturb_a_scan() {
    let (memory, _) = chain_of_words();
    let block = memory.of(8..136);
    allocate(&block, 0);
    let (found, _) = scan_while(|| free(&block));
    assert!(!found.is_empty());
    list(Vec::new(), 0);
}

#[test]
fn after_a_gap_all_of_the_heap_is_read() {
    let (_, heap) = chain_of_words();
    allocate(&heap, 0);
    assert_eq!(scan().1.scope, Scope::Blocks);
    Board::tracer().stop().expect("it records");
    assert_eq!(scan().1.scope, Scope::Heap);
    Board::tracer().resume().expect("it is stopped");
    let (_, scan) = scan();
    assert_eq!(
        (scan.scope, scan.gaps, scan.is_whole),
        (Scope::Heap, 1, true)
    );
    list(Vec::new(), 0);
}

#[test]
fn blocks_whose_free_may_have_gone_unseen_are_told_of() {
    let (memory, _) = chain_of_words();
    allocate(&memory.of(8..16), 10);
    let tracer = Board::tracer();
    let doubtful_until = |scan: &Scan| scan.doubtful_until_us;
    assert_eq!(doubtful_until(&scan().1), 0);
    // A pause goes on recording frees.
    tracer.alloc_pause().expect("it records");
    assert_eq!(doubtful_until(&scan().1), 0);

    let (_, during) = scan_while(|| {
        let _ = tracer.stop();
    });
    let during = during.expect("the trace goes on");
    assert_eq!(doubtful_until(&during), during.ended_us);
    let (_, stopped) = scan();
    assert_eq!(doubtful_until(&stopped), stopped.ended_us);
    let (_, begun_stopped) = scan_while(|| {
        let _ = tracer.resume();
    });
    let begun_stopped = begun_stopped.expect("the trace goes on");
    assert_eq!(doubtful_until(&begun_stopped), begun_stopped.ended_us);

    allocate(&memory.of(32..40), 20);
    let (_, resumed) = scan();
    assert!((10..20).contains(&doubtful_until(&resumed)), "{resumed:?}");
    list(Vec::new(), 0);
}

#[test]
fn a_scan_ends_with_its_trace() {
    let (_, heap) = chain_of_words();
    allocate(&heap, 0);
    let (found, scan) = scan_while(restart);
    assert_eq!(scan, None);
    // What was read is told; what was not is not.
    assert!(found.len() < 100, "{}", found.len());
    list(Vec::new(), 0);
}

#[test]
fn a_root_that_can_not_be_read_makes_a_scan_one_that_missed_something() {
    let (memory, heap) = chain_of_words();
    let areas = [
        memory.area(AreaKind::Heap, heap),
        Area::read_by(|_, _| 0, AreaKind::Stack, "a thread", memory.of(0..8)),
    ];
    list(areas.into(), 0);
    let (_, scan) = scan();
    // By each look, and once more behind them.
    let times = u64::from(LOOKS) + 1;
    assert_eq!(
        (scan.unread, scan.is_whole),
        (times * 8 * WORD as u64, false)
    );
    list(Vec::new(), 0);
}

#[test]
fn a_stack_in_the_heap_is_a_root() {
    let (memory, heap) = chain_of_words();
    let areas = [
        memory.area(AreaKind::Heap, heap),
        memory.area(AreaKind::Stack, memory.of(20..30)),
    ];
    list(areas.into(), 0);
    let (found, _) = scan();
    let at: Vec<_> = found
        .iter()
        .map(|reference| reference.at.0 as usize)
        .collect();
    let stack: Vec<_> = memory.of(20..30).step_by(WORD).collect();
    assert_eq!(at, [&stack[..], &stack[..]].concat());
    list(Vec::new(), 0);
}

#[test]
fn without_memory_without_a_trace_and_beside_another_there_is_no_scan() {
    let begin = || References::begin::<Board>(LOOKS).map(|_| ()).err();
    assert_eq!(begin(), Some(NoScan::NoMemory));
    let memory = Memory::new(8, |_, _| 0);
    list([memory.area(AreaKind::Heap, memory.of(0..8))].into(), 0);
    assert_eq!(begin(), Some(NoScan::Untraced));
    Board::trace();
    let first = References::begin::<Board>(LOOKS).ok();
    assert_eq!(begin(), Some(NoScan::Busy));
    drop(first);
    assert_eq!(begin(), None);
    list(Vec::new(), 0);
}

std::thread_local! {
    /// What a root holds from the second time on that it is read.
    static MOVED: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
    static READS: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

fn read_moving(_from: usize, out: &mut [usize]) -> usize {
    let reads = READS.replace(READS.get() + 1);
    out.fill(if reads == 0 { 0 } else { MOVED.get() });
    out.len()
}

/// As where a task takes something from a queue between the time that its variables are read and the time that the queue is.
#[test]
fn what_moves_to_a_root_while_a_scan_goes_on_is_found_there() {
    let memory = Memory::new(136, |_, _| 0);
    Board::trace();
    let moved = memory.of(64..72).start;
    MOVED.set(moved);
    let areas = [
        memory.area(AreaKind::Heap, memory.of(8..136)),
        Area::read_by(read_moving, AreaKind::Static, "a task", memory.of(0..1)),
    ];
    list(areas.into(), 1);
    assert_eq!(scan().0, [reference(memory.of(0..1).start, moved)]);
    list(Vec::new(), 0);
}

#[test]
fn others_get_their_turn_every_few_thousand_words() {
    let memory = Memory::new(20_000, |_, _| 0);
    Board::trace();
    list(
        [memory.area(AreaKind::Heap, memory.of(0..20_000))].into(),
        1,
    );
    let mut pauses = 0;
    let _ = scan_while(|| pauses += 1);
    let each = pauses / usize::from(LOOKS);
    assert!((5..=11).contains(&each), "{pauses}");
    list(Vec::new(), 0);
}
