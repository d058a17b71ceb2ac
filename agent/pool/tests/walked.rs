//! The figures of regions, against a walk of the heap and against what the allocators themselves count.
//!
//! esp-alloc runs on its chips only; what it is made of runs here: one of two allocators a region, asked in turn.

use std::alloc::Layout;
use std::cell::RefCell;
use std::ops::Range;
use std::ptr::NonNull;

use heapbeacon_pool::{Tried, largest_blocks, tlsf_block_bytes};
use proptest::prelude::*;

const WORD: usize = size_of::<usize>();
/// As esp-alloc has them.
type Tlsf = rlsf::Tlsf<'static, usize, usize, { usize::BITS as usize }, { usize::BITS as usize }>;

/// One region of esp-alloc's heap.
enum Region {
    Llff(Box<linked_list_allocator::Heap>),
    Tlsf(Box<Tlsf>, NonNull<[u8]>),
}

impl Region {
    fn new(is_tlsf: bool, memory: &'static mut [u128]) -> Self {
        let first = NonNull::from(&mut *memory).cast::<u8>();
        let bytes = size_of_val(memory);
        if !is_tlsf {
            let mut heap = linked_list_allocator::Heap::empty();
            // SAFETY: the memory is leaked, and nobody else's.
            unsafe { heap.init(first.as_ptr(), bytes) };
            return Self::Llff(Box::new(heap));
        }
        let mut heap = Box::new(Tlsf::new());
        let memory = NonNull::slice_from_raw_parts(first, bytes);
        // SAFETY: the memory is leaked, and nobody else's.
        let managed = unsafe { heap.insert_free_block_ptr(memory) };
        let managed = managed.expect("it is large enough").get();
        Self::Tlsf(heap, NonNull::slice_from_raw_parts(first, managed))
    }

    fn range(&self) -> Range<usize> {
        match self {
            Self::Llff(heap) => heap.bottom().addr()..heap.top().addr(),
            Self::Tlsf(_, memory) => {
                let start = memory.cast::<u8>().addr().get();
                start..start + memory.len()
            }
        }
    }

    fn take(&mut self, layout: Layout) -> Option<NonNull<u8>> {
        match self {
            Self::Llff(heap) => heap.allocate_first_fit(layout).ok(),
            Self::Tlsf(heap, _) => heap.allocate(layout),
        }
    }

    /// # Safety
    /// The block must be of this region, handed out for this layout.
    unsafe fn give_back(&mut self, block: NonNull<u8>, layout: Layout) {
        match self {
            // SAFETY: as the caller promises.
            Self::Llff(heap) => unsafe { heap.deallocate(block, layout) },
            // SAFETY: as the caller promises.
            Self::Tlsf(heap, _) => unsafe { heap.deallocate(block, layout.align()) },
        }
    }

    /// Walks TLSF's blocks; a linked list counts by itself.
    fn used(&self) -> usize {
        match self {
            Self::Llff(heap) => heap.used(),
            Self::Tlsf(heap, memory) => {
                // SAFETY: it is the memory that this heap was given.
                let blocks = unsafe { heap.iter_blocks(*memory) };
                let used = blocks.filter(|block| block.is_occupied());
                used.map(|block| block.size()).sum()
            }
        }
    }

    /// Asks for every size there is, from the largest down, of this region alone.
    fn largest(&mut self) -> usize {
        let range = self.range();
        let words = (range.end - range.start) / WORD;
        let mut sizes = (2..=words).rev().map(|words| words * WORD);
        let served = sizes.find(|bytes| {
            let layout = Layout::from_size_align(*bytes, WORD).expect("it is small");
            let Some(block) = self.take(layout) else {
                return false;
            };
            // SAFETY: it was handed out just now, for this layout.
            unsafe { self.give_back(block, layout) };
            true
        });
        served.unwrap_or(0)
    }
}

/// A heap that asks its regions in turn, as esp-alloc does.
struct Heap(RefCell<Vec<Region>>);

impl Heap {
    fn new(is_tlsf: bool, kibibytes: &[usize]) -> Self {
        let memory = |kib: &usize| vec![0; kib * 1024 / size_of::<u128>()].leak();
        let regions = kibibytes
            .iter()
            .map(|kib| Region::new(is_tlsf, memory(kib)));
        Self(RefCell::new(regions.collect()))
    }

    fn ranges<const N: usize>(&self) -> [Range<usize>; N] {
        let regions = self.0.borrow();
        std::array::from_fn(|index| regions.get(index).map_or(0..0, Region::range))
    }

    fn region_of(&self, block: NonNull<u8>) -> usize {
        let mut regions = self.ranges::<3>().into_iter();
        let found = regions.position(|range| range.contains(&block.addr().get()));
        found.expect("a block lies in a region")
    }
}

impl Tried for Heap {
    fn alone<R>(&self, work: impl FnOnce() -> R) -> R {
        work()
    }

    fn take(&self, layout: Layout) -> Option<NonNull<u8>> {
        self.0
            .borrow_mut()
            .iter_mut()
            .find_map(|region| region.take(layout))
    }

    unsafe fn give_back(&self, block: NonNull<u8>, layout: Layout) {
        let region = self.region_of(block);
        // SAFETY: as the caller promises.
        unsafe { self.0.borrow_mut()[region].give_back(block, layout) }
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Take { bytes: usize, align: usize },
    GiveBack(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let sizes = prop_oneof![8 => 1..200_usize, 3 => 200..2000_usize, 1 => 2000..9000_usize];
    let aligns = prop_oneof![9 => 0..4_u32, 1 => 4..9_u32].prop_map(|power| 1 << power);
    prop_oneof![
        3 => (sizes, aligns).prop_map(|(bytes, align)| Step::Take { bytes, align }),
        2 => any::<prop::sample::Index>().prop_map(Step::GiveBack),
    ]
}

#[test]
fn a_hole_of_three_words_is_found_in_every_region() {
    let heap = Heap::new(false, &[1, 1]);
    let all_but_three_words = Layout::from_size_align(1024 - 3 * WORD, WORD).expect("it is small");
    for _ in 0..2 {
        heap.take(all_but_three_words).expect("a region is empty");
    }
    assert_eq!(
        largest_blocks(&heap, &heap.ranges::<2>()),
        [3 * WORD, 3 * WORD]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_largest_block_of_each_region_is_what_asking_it_alone_finds(
        is_tlsf: bool,
        kibibytes in prop::collection::vec(1..12_usize, 1..=3),
        steps in prop::collection::vec(step(), 1..300),
    ) {
        let heap = Heap::new(is_tlsf, &kibibytes);
        let mut live = Vec::new();
        for step in steps {
            match step {
                Step::Take { bytes, align } => {
                    let layout = Layout::from_size_align(bytes, align).expect("it is small");
                    live.extend(heap.take(layout).map(|block| (block, layout)));
                }
                Step::GiveBack(which) if !live.is_empty() => {
                    let (block, layout) = live.swap_remove(which.index(live.len()));
                    // SAFETY: it is live, and was taken for this layout.
                    unsafe { heap.give_back(block, layout) };
                }
                Step::GiveBack(_) => {}
            }
        }
        let used = |heap: &Heap| heap.0.borrow().iter().map(Region::used).collect::<Vec<_>>();
        let before = used(&heap);
        let found = largest_blocks(&heap, &heap.ranges::<3>());
        prop_assert_eq!(used(&heap), before, "trying changes nothing");
        let mut left = 0;
        for (index, region) in heap.0.borrow_mut().iter_mut().enumerate() {
            let largest = region.largest();
            // Where earlier regions have very much more left, little counts as nothing.
            let is_negligible = found[index] == 0 && largest * 250 < left;
            prop_assert!(found[index] == largest || is_negligible, "region {index}: {found:?}, {largest}");
            let range = region.range();
            left += range.end - range.start - region.used();
        }
    }

    #[test]
    fn blocks_of_tlsf_add_up_to_what_a_walk_finds(
        steps in prop::collection::vec(step(), 1..300),
    ) {
        let heap = Heap::new(true, &[48]);
        let (mut live, mut used) = (Vec::new(), 0);
        for step in steps {
            match step {
                Step::Take { bytes, align } => {
                    let layout = Layout::from_size_align(bytes, align).expect("it is small");
                    if let Some(block) = heap.take(layout) {
                        // SAFETY: it was handed out just now.
                        used += unsafe { tlsf_block_bytes(block) };
                        live.push((block, layout));
                    }
                }
                Step::GiveBack(which) if !live.is_empty() => {
                    let (block, layout) = live.swap_remove(which.index(live.len()));
                    // SAFETY: it is live.
                    used -= unsafe { tlsf_block_bytes(block) };
                    // SAFETY: it is live, and was taken for this layout.
                    unsafe { heap.give_back(block, layout) };
                }
                Step::GiveBack(_) => {}
            }
            prop_assert_eq!(used, heap.0.borrow()[0].used());
        }
    }
}
