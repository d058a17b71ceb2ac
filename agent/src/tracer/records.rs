//! The record table: 24 bytes a record on a 32-bit chip, index included, every operation O(1).
//!
//! In **leaks mode** a doubly linked list holds the records in the order of their age, since any of
//! them may go at any time. In **all mode** records only ever go from the old end, so the slots
//! are a ring, and the two links hold the lifetime of the block instead.
//!
//! The index is a hash table with chaining: bucket `i` begins in slot `i`'s `bucket`, and goes on
//! through `chain`. A freed record is in no bucket, so its `chain` holds the stack that freed it.

use super::table::{NIL, STEP, Table, bucket};
use super::view::{self, Mode};

/// One record and one bucket of the index.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Slot {
    address: usize,
    size_and_flags: usize,
    seq_low: u32,
    seq_high: u16,
    stack: u16,
    older: u16,
    newer: u16,
    chain: u16,
    bucket: u16,
}

#[cfg(target_pointer_width = "32")]
const _: () = assert!(
    size_of::<Slot>() == 24,
    "a record may take 24 bytes with its index"
);

impl Default for Slot {
    fn default() -> Self {
        Self {
            address: 0,
            size_and_flags: 0,
            seq_low: 0,
            seq_high: 0,
            stack: 0,
            older: NIL,
            newer: NIL,
            chain: NIL,
            bucket: NIL,
        }
    }
}

const CORE_BITS: u32 = if usize::BITS == 32 { 2 } else { 8 };
const CORE_MASK: usize = (1 << CORE_BITS) - 1;
const FREED: usize = 1 << CORE_BITS;
const SIZE_SHIFT: u32 = CORE_BITS + 1;
const MAX_SIZE: usize = usize::MAX >> SIZE_SHIFT;

impl Slot {
    #[inline(always)]
    fn seq(&self) -> u64 {
        u64::from(self.seq_high) << 32 | u64::from(self.seq_low)
    }

    #[inline(always)]
    fn set_seq(&mut self, seq: u64) {
        self.seq_low = seq as u32;
        self.seq_high = (seq >> 32) as u16;
    }

    #[inline(always)]
    fn size(&self) -> usize {
        self.size_and_flags >> SIZE_SHIFT
    }

    #[inline(always)]
    fn is_freed(&self) -> bool {
        self.size_and_flags & FREED != 0
    }

    /// Time from allocation to free in microseconds: 27 bits, shifted by the other 5.
    fn lifetime(&self) -> u64 {
        let packed = u32::from(self.older) << 16 | u32::from(self.newer);
        u64::from(packed >> 5) << (packed & 31)
    }

    fn set_lifetime(&mut self, lifetime_us: u64) {
        let shift = (u64::BITS - lifetime_us.leading_zeros())
            .saturating_sub(27)
            .min(31);
        let packed = ((lifetime_us >> shift) as u32) << 5 | shift;
        self.older = (packed >> 16) as u16;
        self.newer = packed as u16;
    }
}

/// A block as the allocator handed it out.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) address: usize,
    pub(super) size: usize,
    pub(super) core: u8,
    pub(super) seq: u64,
    pub(super) stack: u16,
}

/// What is left of a record that was freed or evicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) size: usize,
    pub(super) stack: u16,
    /// The stack that had freed it, of an evicted record that was not live.
    pub(super) freed_by: Option<u16>,
}

/// A record with its stack's index, as readers inside the tracer see it.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) address: usize,
    pub(super) size: usize,
    pub(super) core: u8,
    pub(super) stack: u16,
    pub(super) freed: Option<(u64, u16)>,
}

pub(super) struct Records {
    slots: Table<Slot>,
    mode: Mode,
    count: u16,
    oldest: u16,
    newest: u16,
    /// Leaks mode: slots given back, linked through `newer`.
    vacant: u16,
    /// Leaks mode: slots from here on were never used.
    fresh: u16,
    high_water_mark: u16,
}

impl Records {
    pub(super) const EMPTY: Self = Self::new(Table::EMPTY);

    pub(super) const fn new(slots: Table<Slot>) -> Self {
        Self {
            slots,
            mode: Mode::All,
            count: 0,
            oldest: NIL,
            newest: NIL,
            vacant: NIL,
            fresh: 0,
            high_water_mark: 0,
        }
    }

    pub(super) fn count(&self) -> u16 {
        self.count
    }

    pub(super) fn capacity(&self) -> u16 {
        self.slots.len()
    }

    pub(super) fn high_water_mark(&self) -> u16 {
        self.high_water_mark
    }

    /// Forgets every record; the buckets are cleared by [`clear_buckets`](Self::clear_buckets).
    pub(super) fn clear(&mut self, mode: Mode) {
        self.mode = mode;
        self.count = 0;
        self.oldest = NIL;
        self.newest = NIL;
        self.vacant = NIL;
        self.fresh = 0;
        self.high_water_mark = 0;
    }

    /// Clears some of the buckets, a step of a [`clear`](Self::clear).
    pub(super) fn clear_buckets(&mut self, range: core::ops::Range<u16>) {
        for index in range {
            self.slots[index].bucket = NIL;
        }
    }

    /// Adds the record of a block, and returns the one that had to go for it.
    #[inline(always)]
    pub(super) fn insert(&mut self, block: &Block) -> Option<Gone> {
        let evicted = if self.count == self.slots.len() {
            Some(self.evict())
        } else {
            None
        };
        let index = self.take_slot();
        let bucket = self.bucket_of(block.address);
        let chain = self.slots[bucket].bucket;
        let older = self.newest;
        let slot = &mut self.slots[index];
        slot.address = block.address;
        slot.size_and_flags =
            block.size.min(MAX_SIZE) << SIZE_SHIFT | usize::from(block.core) & CORE_MASK;
        slot.set_seq(block.seq);
        slot.stack = block.stack;
        slot.chain = chain;
        slot.older = older;
        slot.newer = NIL;
        self.slots[bucket].bucket = index;
        self.link_newest(index, older);
        self.count += 1;
        self.high_water_mark = self.high_water_mark.max(self.count);
        evicted
    }

    /// Takes the block at `address` for freed, if it has a live record.
    #[inline(always)]
    pub(super) fn free(&mut self, address: usize, time_us: u64, freed_by: u16) -> Option<Gone> {
        let index = self.unlink_from_bucket(address)?;
        let slot = &mut self.slots[index];
        let gone = Gone {
            size: slot.size(),
            stack: slot.stack,
            freed_by: None,
        };
        match self.mode {
            Mode::Leaks => self.remove(index),
            Mode::All => {
                slot.size_and_flags |= FREED;
                slot.chain = freed_by;
                slot.set_lifetime(time_us.saturating_sub(slot.seq()));
            }
        }
        Some(gone)
    }

    #[inline(always)]
    fn take_slot(&mut self) -> u16 {
        match self.mode {
            Mode::All => match self.newest {
                NIL => 0,
                newest => self.after(newest),
            },
            Mode::Leaks => match self.vacant {
                NIL => {
                    self.fresh += 1;
                    self.fresh - 1
                }
                vacant => {
                    self.vacant = self.slots[vacant].newer;
                    vacant
                }
            },
        }
    }

    #[inline(always)]
    fn link_newest(&mut self, index: u16, older: u16) {
        self.newest = index;
        if self.count == 0 {
            self.oldest = index;
        } else if self.mode == Mode::Leaks {
            self.slots[older].newer = index;
        }
    }

    /// Gives up the oldest record. There must be one.
    #[cold]
    fn evict(&mut self) -> Gone {
        let index = self.oldest;
        let slot = self.slots[index];
        let freed_by = slot.is_freed().then_some(slot.chain);
        if freed_by.is_none() {
            self.unlink_index(index);
        }
        match self.mode {
            Mode::Leaks => self.remove(index),
            Mode::All => {
                self.slots[index].set_seq(0);
                self.count -= 1;
                self.oldest = self.after(index);
            }
        }
        Gone {
            size: slot.size(),
            stack: slot.stack,
            freed_by,
        }
    }

    /// Leaks mode: takes a record out of the list and its slot back.
    #[inline(always)]
    fn remove(&mut self, index: u16) {
        let Slot { older, newer, .. } = self.slots[index];
        match older {
            NIL => self.oldest = newer,
            older => self.slots[older].newer = newer,
        }
        match newer {
            NIL => self.newest = older,
            newer => self.slots[newer].older = older,
        }
        let slot = &mut self.slots[index];
        slot.set_seq(0);
        slot.newer = self.vacant;
        self.vacant = index;
        self.count -= 1;
    }

    /// Finds the newest live record of an address and takes it out of the index.
    #[inline(always)]
    fn unlink_from_bucket(&mut self, address: usize) -> Option<u16> {
        if self.count == 0 {
            return None;
        }
        let bucket = self.bucket_of(address);
        let mut before = NIL;
        let mut index = self.slots[bucket].bucket;
        while index != NIL {
            let slot = self.slots[index];
            if slot.address == address {
                self.bypass(bucket, before, slot.chain);
                return Some(index);
            }
            before = index;
            index = slot.chain;
        }
        None
    }

    /// Takes a live record out of the index.
    fn unlink_index(&mut self, wanted: u16) {
        let bucket = self.bucket_of(self.slots[wanted].address);
        let mut before = NIL;
        let mut index = self.slots[bucket].bucket;
        while index != wanted && index != NIL {
            before = index;
            index = self.slots[index].chain;
        }
        self.bypass(bucket, before, self.slots[wanted].chain);
    }

    #[inline(always)]
    fn bypass(&mut self, bucket: u16, before: u16, chain: u16) {
        match before {
            NIL => self.slots[bucket].bucket = chain,
            before => self.slots[before].chain = chain,
        }
    }

    #[inline(always)]
    fn bucket_of(&self, address: usize) -> u16 {
        bucket(hash(address), self.slots.len())
    }

    /// All mode: the next slot of the ring.
    #[inline(always)]
    fn after(&self, index: u16) -> u16 {
        if index + 1 == self.slots.len() {
            0
        } else {
            index + 1
        }
    }

    fn newer(&self, index: u16) -> u16 {
        if index == self.newest {
            NIL
        } else {
            match self.mode {
                Mode::All => self.after(index),
                Mode::Leaks => self.slots[index].newer,
            }
        }
    }

    /// Visits up to [`STEP`] records from where the cursor stands, oldest first, and returns
    /// whether there may be more. `visit` returns false to be asked for the same record again.
    pub(super) fn step(
        &self,
        cursor: &mut RecordCursor,
        mut visit: impl FnMut(Entry) -> bool,
    ) -> bool {
        let mut index = self.resume(cursor);
        for _ in 0..STEP {
            if index == NIL {
                return false;
            }
            let slot = &self.slots[index];
            if slot.seq() > cursor.after {
                if !visit(self.entry(slot)) {
                    return true;
                }
                cursor.after = slot.seq();
            }
            (cursor.slot, cursor.slot_seq) = (index, slot.seq());
            index = self.newer(index);
        }
        true
    }

    /// Returns the record behind the one that the cursor saw last, or the oldest if that is gone.
    fn resume(&self, cursor: &RecordCursor) -> u16 {
        let known = cursor.slot < self.slots.len()
            && self.count > 0
            && cursor.slot_seq != 0
            && self.slots[cursor.slot].seq() == cursor.slot_seq;
        if known {
            self.newer(cursor.slot)
        } else if self.count == 0 {
            NIL
        } else {
            self.oldest
        }
    }

    fn entry(&self, slot: &Slot) -> Entry {
        Entry {
            seq: slot.seq(),
            address: slot.address,
            size: slot.size(),
            core: (slot.size_and_flags & CORE_MASK) as u8,
            stack: slot.stack,
            freed: slot
                .is_freed()
                .then(|| (slot.seq() + slot.lifetime(), slot.chain)),
        }
    }
}

/// A reader's place among the records: behind a sequence number.
///
/// Records may come and go while a reader pauses: it never sees one twice, and never misses one
/// that lives throughout.
#[derive(Clone, Debug)]
pub struct RecordCursor {
    after: u64,
    /// The record seen last, and its sequence number, so that reading goes on without a search.
    slot: u16,
    slot_seq: u64,
}

impl RecordCursor {
    /// Starts behind the record with this sequence number; 0 is before the oldest.
    pub fn after(seq: u64) -> Self {
        Self {
            after: seq,
            slot: NIL,
            slot_seq: 0,
        }
    }

    /// Returns the sequence number of the last record read.
    pub fn position(&self) -> u64 {
        self.after
    }
}

/// Spreads addresses over 32 bits: multiplication by the golden ratio (Knuth, TAOCP 3, 6.4).
#[inline(always)]
fn hash(address: usize) -> u32 {
    #[cfg(target_pointer_width = "64")]
    return (address.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32;
    #[cfg(not(target_pointer_width = "64"))]
    return (address as u32).wrapping_mul(0x9E37_79B1);
}

impl Entry {
    /// Returns the record as readers outside see it; `id` and `task` tell of a stack's index.
    pub(super) fn view(&self, id: impl Fn(u16) -> u32, task: impl Fn(u16) -> u16) -> view::Record {
        view::Record {
            seq: self.seq,
            address: self.address,
            size: self.size,
            core: self.core,
            task: task(self.stack),
            stack: id(self.stack),
            freed: self.freed.map(|(time_us, stack)| view::Freed {
                time_us,
                stack: id(stack),
            }),
        }
    }
}
