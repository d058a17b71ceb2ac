//! The record table: 24 bytes a record on a 32-bit chip, index included, every operation O(1).
//!
//! In **leaks mode** a doubly linked list holds the records in the order of their age, since any of
//! them may go at any time. In **all mode** records only ever go from the old end, so the slots
//! are a ring, and the two links hold the lifetime of the block instead. Slot 0 holds no record:
//! its links lead to the oldest and the newest.
//!
//! The index is a hash table with chaining: bucket `i` begins in slot `i`'s `bucket`, and goes on
//! through `chain`. A freed record is in no bucket, so its `chain` holds the stack that freed it.

use super::table::{NONE, STEP, Table, bucket, spread};
use super::view::{self, Mode};

/// One record and one bucket of the index.
#[repr(C)]
#[derive(Clone, Copy, Default)]
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

/// The slot whose links lead to the oldest and the newest record.
const ENDS: u16 = NONE;

const CORE_BITS: u32 = if usize::BITS == 32 { 2 } else { 8 };
const CORE_MASK: usize = (1 << CORE_BITS) - 1;
const FREED: usize = 1 << CORE_BITS;
/// Sizes have the other bits: up to 512 MiB on a 32-bit chip.
const SIZE_SHIFT: u32 = CORE_BITS + 1;

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

    #[inline(always)]
    fn set_lifetime(&mut self, lifetime_us: u64) {
        let bits = u64::BITS - lifetime_us.leading_zeros();
        let shift = bits.saturating_sub(27).min(31);
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
    capacity: u16,
    count: u16,
    /// Leaks mode: slots given back, linked through `newer`.
    vacant: u16,
    /// Slots from here on were never used. A slot given back is used again first, so this is also
    /// the high-water mark.
    fresh: u16,
}

impl Records {
    /// The table before there is a buffer.
    pub(super) const EMPTY: Self = Self {
        slots: Table::EMPTY,
        mode: Mode::All,
        capacity: 0,
        count: 0,
        vacant: NONE,
        fresh: 1,
    };

    pub(super) fn new(slots: Table<Slot>) -> Self {
        Self {
            capacity: slots.len().saturating_sub(1),
            slots,
            ..Self::EMPTY
        }
    }

    #[inline(always)]
    pub(super) fn count(&self) -> u16 {
        self.count
    }

    #[inline(always)]
    pub(super) fn capacity(&self) -> u16 {
        self.capacity
    }

    /// Returns the number of slots, the one without a record included.
    pub(super) fn slots(&self) -> u16 {
        self.slots.len()
    }

    pub(super) fn high_water_mark(&self) -> u16 {
        self.fresh - 1
    }

    /// Forgets every record; the buckets are cleared by [`clear_buckets`](Self::clear_buckets).
    pub(super) fn clear(&mut self, mode: Mode) {
        self.mode = mode;
        self.count = 0;
        self.vacant = NONE;
        self.fresh = 1;
        if self.slots.len() > 0 {
            self.slots[ENDS].older = NONE;
            self.slots[ENDS].newer = NONE;
        }
    }

    /// Clears some of the buckets, a step of a [`clear`](Self::clear).
    pub(super) fn clear_buckets(&mut self, range: core::ops::Range<u16>) {
        for index in range {
            self.slots[index].bucket = NONE;
        }
    }

    /// Returns a slot for a new record, or `None` while the table is full.
    #[inline(always)]
    pub(super) fn room(&mut self) -> Option<u16> {
        let newest = self.slots[ENDS].older;
        let vacant = self.vacant;
        if vacant != NONE {
            self.vacant = self.slots[vacant].newer;
            Some(vacant)
        } else if self.fresh <= self.capacity {
            self.fresh += 1;
            Some(self.fresh - 1)
        } else if self.mode == Mode::All && self.count < self.capacity {
            Some(self.after(newest))
        } else {
            None
        }
    }

    /// Puts the record of a block into a slot that [`room`](Self::room) returned.
    #[inline(always)]
    pub(super) fn insert(&mut self, index: u16, block: &Block) {
        let newest = self.slots[ENDS].older;
        self.slots[ENDS].older = index;
        if self.mode == Mode::Leaks || newest == NONE {
            self.slots[newest].newer = index;
        }
        let bucket = bucket(spread(block.address), self.slots.len());
        let chain = core::mem::replace(&mut self.slots[bucket].bucket, index);
        let slot = &mut self.slots[index];
        slot.address = block.address;
        slot.size_and_flags = block.size << SIZE_SHIFT | usize::from(block.core) & CORE_MASK;
        slot.set_seq(block.seq);
        slot.stack = block.stack;
        slot.older = newest;
        slot.newer = NONE;
        slot.chain = chain;
        self.count += 1;
    }

    /// Takes the block at `address` for freed, if it has a live record.
    #[inline(always)]
    pub(super) fn free(&mut self, address: usize, time_us: u64, freed_by: u16) -> Option<Gone> {
        let index = self.unlink(address, |slot| slot.address == address)?;
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

    /// Gives up the oldest record and returns its slot. There must be one.
    #[cold]
    pub(super) fn evict(&mut self) -> (u16, Gone) {
        let index = self.slots[ENDS].newer;
        let slot = self.slots[index];
        let freed_by = slot.is_freed().then_some(slot.chain);
        if freed_by.is_none() {
            let seq = slot.seq();
            self.unlink(slot.address, |slot| slot.seq() == seq);
        }
        match self.mode {
            Mode::Leaks => {
                self.remove(index);
                self.vacant = self.slots[index].newer;
            }
            Mode::All => {
                self.slots[index].set_seq(0);
                self.count -= 1;
                self.slots[ENDS].newer = self.after(index);
            }
        }
        let gone = Gone {
            size: slot.size(),
            stack: slot.stack,
            freed_by,
        };
        (index, gone)
    }

    /// Leaks mode: takes a record out of the list and its slot back.
    #[inline(always)]
    fn remove(&mut self, index: u16) {
        let slot = &mut self.slots[index];
        let (older, newer) = (slot.older, slot.newer);
        slot.set_seq(0);
        slot.newer = self.vacant;
        self.slots[older].newer = newer;
        self.slots[newer].older = older;
        self.vacant = index;
        self.count -= 1;
    }

    /// Takes the newest record that fits out of the bucket of an address.
    #[inline(always)]
    fn unlink(&mut self, address: usize, fits: impl Fn(&Slot) -> bool) -> Option<u16> {
        if self.count == 0 {
            return None;
        }
        let bucket = bucket(spread(address), self.slots.len());
        let first = self.slots[bucket].bucket;
        let mut before = NONE;
        let mut index = first;
        while index != NONE {
            let slot = &self.slots[index];
            if fits(slot) {
                let chain = slot.chain;
                if index == first {
                    self.slots[bucket].bucket = chain;
                } else {
                    self.slots[before].chain = chain;
                }
                return Some(index);
            }
            before = index;
            index = slot.chain;
        }
        None
    }

    /// All mode: the next slot of the ring.
    #[inline(always)]
    fn after(&self, index: u16) -> u16 {
        if index == self.capacity { 1 } else { index + 1 }
    }

    fn newer(&self, index: u16) -> u16 {
        match self.mode {
            Mode::Leaks => self.slots[index].newer,
            Mode::All if index == self.slots[ENDS].older => NONE,
            Mode::All => self.after(index),
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
            if index == NONE {
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
        if self.count == 0 {
            return NONE;
        }
        let known = cursor.slot != NONE
            && cursor.slot < self.slots.len()
            && self.slots[cursor.slot].seq() == cursor.slot_seq;
        if known {
            self.newer(cursor.slot)
        } else {
            self.slots[ENDS].newer
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
            slot: NONE,
            slot_seq: 0,
        }
    }

    /// Returns the sequence number of the last record read.
    pub fn position(&self) -> u64 {
        self.after
    }
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
