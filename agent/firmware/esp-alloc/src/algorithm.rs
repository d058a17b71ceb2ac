//! Which of its algorithms esp-alloc was built with, and what a block takes of its heap with it.
//!
//! esp-alloc does not say. Its regions tell by their size, when this is compiled: they hold the state of their algorithm,
//! and nothing else that is large. One that is not known here does not compile, for its figures would be guesses.

use core::ptr::NonNull;

use esp_alloc::export::enumset::EnumSet;
use esp_alloc::{HEAP, HeapRegion, MemoryCapability};
use heapbeacon_pool::tlsf_block_bytes;

/// An algorithm of esp-alloc.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    /// A list of free blocks, esp-alloc's usual one. It counts what is used, and writes nothing beside a block.
    LinkedList,
    /// Lists of free blocks by size. It would have to walk through all blocks to count them, but each says how large it is.
    Tlsf,
}

/// The algorithm that this firmware's esp-alloc has.
const ALGORITHM: Algorithm = {
    match size_of::<HeapRegion>() {
        size if size == size_of::<LinkedListRegion>() => Algorithm::LinkedList,
        size if size == size_of::<TlsfRegion>() => Algorithm::Tlsf,
        _ => panic!(
            "HeapBeacon does not know the algorithm of this esp-alloc: set ESP_ALLOC_CONFIG_HEAP_ALGORITHM to LLFF or TLSF, \
             with esp-alloc 0.11"
        ),
    }
};

/// As large as a region that is a linked list.
struct LinkedListRegion(
    #[expect(dead_code)] linked_list_allocator::Heap,
    #[expect(dead_code)] EnumSet<MemoryCapability>,
);

/// As large as a region of TLSF, which notes its two ends beside it.
struct TlsfRegion(
    #[expect(dead_code)] rlsf::Tlsf<'static, usize, usize, WORD_BITS, WORD_BITS>,
    #[expect(dead_code)] [usize; 2],
    #[expect(dead_code)] EnumSet<MemoryCapability>,
);

const WORD_BITS: usize = usize::BITS as usize;

/// In the image, for its tests: which algorithm was seen.
#[used]
#[unsafe(export_name = "__heapbeacon_heap_algorithm")]
static SEEN: u8 = match ALGORITHM {
    Algorithm::LinkedList => 1,
    Algorithm::Tlsf => 2,
};

/// Returns what is used of a region after a block was handed out, with what was used before it.
#[inline(always)]
pub(crate) fn used_with(region: usize, used: usize, block: NonNull<u8>) -> usize {
    match ALGORITHM {
        Algorithm::LinkedList => counted(region).unwrap_or(used),
        // SAFETY: it was handed out just now.
        Algorithm::Tlsf => used.saturating_add(unsafe { tlsf_block_bytes(block) }),
    }
}

/// Returns what will be used of a region after a block was taken back, as far as it is known before.
#[inline(always)]
pub(crate) fn used_without(used: usize, block: NonNull<u8>) -> usize {
    match ALGORITHM {
        // The next block that is handed out, or the next reader, asks the list.
        Algorithm::LinkedList => used,
        // SAFETY: it is about to be taken back.
        Algorithm::Tlsf => used.saturating_sub(unsafe { tlsf_block_bytes(block) }),
    }
}

/// Returns what is used of a region now.
pub(crate) fn used_now(region: usize, used: usize) -> usize {
    match ALGORITHM {
        Algorithm::LinkedList => counted(region).unwrap_or(used),
        Algorithm::Tlsf => used,
    }
}

/// Asks the linked list, which has counted: that takes no longer for many blocks than for few.
#[inline(always)]
fn counted(region: usize) -> Option<usize> {
    let regions = HEAP.stats().region_stats;
    regions.get(region)?.as_ref().map(|region| region.used)
}
