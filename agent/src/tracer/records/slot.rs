//! One record, packed: 24 bytes on a 32-bit chip, with its share of the index.

use core::hint::cold_path;

use crate::tracer::lifetime::Lifetime;
use crate::tracer::{stacks, table};

/// One record and one bucket of the index.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub(in crate::tracer) struct Slot {
    address: usize,
    size_and_flags: usize,
    /// Sequence number, 48 bits, and the index of the call stack.
    seq_and_stack: u64,
    /// The neighbours' indices, or the lifetime: [`Slot::older`], [`Slot::newer`], [`Slot::lifetime`].
    older: u16,
    newer: u16,
    /// The index of the next record of a bucket, or of a call stack: [`Slot::chain`], [`Slot::freed_by`].
    chain: u16,
    pub(super) bucket: Link,
}

pub(in crate::tracer) type Link = table::Link<Slot>;
pub(in crate::tracer) type Bucket = table::Bucket<Slot>;
pub(in crate::tracer) type StackLink = table::Link<stacks::Entry>;

#[cfg(target_pointer_width = "32")]
const _: () = assert!(
    size_of::<Slot>() == 24,
    "a record may take 24 bytes with its index"
);

const CORE_BITS: u32 = if usize::BITS == 32 { 2 } else { 8 };
const CORE_MASK: usize = (1 << CORE_BITS) - 1;
const FREED: usize = 1 << CORE_BITS;
/// Sizes have the other bits.
const SIZE_SHIFT: u32 = CORE_BITS + 1;
/// The largest size that is told from others, 512 MiB on a 32-bit chip: what is larger counts as this. On other machines it is
/// less than a record has room for, so that the sum of all records is no overflow.
pub(in crate::tracer) const MAX_SIZE: usize = (1 << if usize::BITS == 32 { 29 } else { 48 }) - 1;

/// The last sequence number.
pub(in crate::tracer) const MAX_SEQ: u64 = (1 << SEQ_BITS) - 1;
const SEQ_BITS: u32 = 48;
/// Where both lie in their word: as it takes the fewest instructions. A chip of 32 bits has the call stack in the half of a
/// register for itself.
const SEQ_SHIFT: u32 = if usize::BITS == 32 { 0 } else { u16::BITS };
const STACK_SHIFT: u32 = if usize::BITS == 32 { SEQ_BITS } else { 0 };
/// The latest time that is told from later ones: there are numbers left for four billion allocations then.
pub(in crate::tracer) const MAX_TIME: u64 = MAX_SEQ - u32::MAX as u64;

const _: () = assert!(MAX_SIZE <= usize::MAX >> SIZE_SHIFT);

/// Below these powers of two a size and a time are as they are recorded. On 64 bits they are the same, so that one comparison does for both.
const USUAL_SIZE_BITS: u32 = if usize::BITS == 32 {
    29
} else {
    USUAL_TIME_BITS
};
const USUAL_TIME_BITS: u32 = 47;
const _: () = assert!(1 << USUAL_TIME_BITS <= MAX_TIME && MAX_SIZE >= (1 << USUAL_SIZE_BITS) - 1);

/// In place of a call stack: it is not known who freed the block. No link has this index.
const NOBODY: u16 = u16::MAX;
const _: () = assert!((NOBODY as usize) >= stacks::MAX_STACKS);

/// Returns a size and a time as a record takes them. Only an allocator or a clock that is out of order has others.
#[inline(always)]
pub(in crate::tracer) fn bounded(size: usize, time_us: u64) -> (usize, u64) {
    // One look at both: of times, half of those that are told apart go the usual way.
    let beyond = (size >> USUAL_SIZE_BITS) as u64 | time_us >> USUAL_TIME_BITS;
    if beyond == 0 {
        return (size, time_us);
    }
    cold_path();
    (size.min(MAX_SIZE), time_us.min(MAX_TIME))
}

/// A block as the allocator handed it out.
#[derive(Clone, Copy)]
pub(in crate::tracer) struct Block {
    pub(in crate::tracer) address: usize,
    pub(in crate::tracer) size: usize,
    pub(in crate::tracer) core: u8,
    pub(in crate::tracer) seq: u64,
    pub(in crate::tracer) stack: StackLink,
}

impl Slot {
    /// Writes the record of a live block, in front of another one of its bucket.
    #[inline(always)]
    pub(super) fn fill(&mut self, block: &Block, chain: Link) {
        self.address = block.address;
        self.size_and_flags = block.size << SIZE_SHIFT | usize::from(block.core) & CORE_MASK;
        self.seq_and_stack = block.seq << SEQ_SHIFT | u64::from(block.stack.index()) << STACK_SHIFT;
        self.set_chain(chain);
    }

    /// All mode: marks the record as freed. It must be in no bucket any more.
    #[inline(always)]
    pub(super) fn free(&mut self, time_us: u64, freed_by: Option<StackLink>) {
        self.size_and_flags |= FREED;
        self.chain = freed_by.map_or(NOBODY, StackLink::index);
        let packed = Lifetime::between(self.seq(), time_us).packed();
        self.older = packed as u16;
        self.newer = (packed >> 16) as u16;
    }

    #[inline(always)]
    pub(super) fn address(&self) -> usize {
        self.address
    }

    #[inline(always)]
    pub(super) fn core(&self) -> u8 {
        (self.size_and_flags & CORE_MASK) as u8
    }

    #[inline(always)]
    pub(super) fn set_older(&mut self, older: Link) {
        self.older = older.index();
    }

    #[inline(always)]
    pub(super) fn set_newer(&mut self, newer: Link) {
        self.newer = newer.index();
    }

    #[inline(always)]
    pub(super) fn set_chain(&mut self, chain: Link) {
        self.chain = chain.index();
    }

    #[inline(always)]
    pub(super) fn seq(&self) -> u64 {
        self.seq_and_stack >> SEQ_SHIFT & MAX_SEQ
    }

    #[inline(always)]
    pub(super) fn stack(&self) -> StackLink {
        // SAFETY: `fill` wrote the index of such a link.
        unsafe { StackLink::from_index((self.seq_and_stack >> STACK_SHIFT) as u16) }
    }

    /// Leaks mode: returns the next older record, or the head of the list.
    #[inline(always)]
    pub(super) fn older(&self) -> Link {
        // SAFETY: but for `free`, which is of all mode, only what sets such a link writes there.
        unsafe { Link::from_index(self.older) }
    }

    /// Leaks mode: returns the next newer record, or the head of the list.
    #[inline(always)]
    pub(super) fn newer(&self) -> Link {
        // SAFETY: as above.
        unsafe { Link::from_index(self.newer) }
    }

    /// Returns the next record of the bucket of a live record, or the next vacant slot.
    #[inline(always)]
    pub(super) fn chain(&self) -> Link {
        // SAFETY: only `free` writes anything else, and with that the record is in no bucket.
        unsafe { Link::from_index(self.chain) }
    }

    /// Returns the call stack that freed the block of a freed record, where that is known.
    #[inline(always)]
    pub(super) fn freed_by(&self) -> Option<StackLink> {
        // SAFETY: `free` wrote the index of such a link, or that of nobody.
        (self.chain != NOBODY).then(|| unsafe { StackLink::from_index(self.chain) })
    }

    #[inline(always)]
    pub(super) fn size(&self) -> usize {
        self.size_and_flags >> SIZE_SHIFT
    }

    #[inline(always)]
    pub(super) fn is_freed(&self) -> bool {
        self.size_and_flags & FREED != 0
    }

    /// All mode: returns how long the block of a freed record lived.
    #[inline(always)]
    pub(super) fn lifetime(&self) -> Lifetime {
        Lifetime::from_packed(u32::from(self.newer) << 16 | u32::from(self.older))
    }
}
