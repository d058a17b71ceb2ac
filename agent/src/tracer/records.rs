//! The record table: 24 bytes a record on a 32-bit chip, index included, every operation O(1).
//!
//! In **leaks mode** a doubly linked list holds the records in the order of their age, since any of
//! them may go at any time. Slot 0 holds no record: its links lead to the oldest and the newest.
//!
//! In **all mode** records only ever go from the old end, so the slots are a ring behind slot 0,
//! which knows the newest. The links of the others hold the lifetime of their block instead.
//!
//! The index is a hash table with chaining: bucket `i` begins in slot `i`'s `bucket`, and goes on
//! through `chain`. A freed record is in no bucket, so its `chain` holds the stack that freed it.

use core::hint::cold_path;

use heapbeacon_shared::trace::{self, Address, Mode};

use super::cursors::RecordCursor;
use super::lifetime::Lifetime;
use super::table::{STEP, Table};

mod slot;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use slot::MAX_SIZE;
pub(super) use slot::{Block, MAX_SEQ, MAX_TIME, Slot, bounded};
use slot::{Bucket, Link, StackLink};

/// The slot whose links lead to the oldest and the newest record.
const ENDS: Link = Link::NONE;
const NONE: Link = Link::NONE;

/// What is left of a record that was freed or evicted.
#[derive(Clone, Copy)]
pub(super) struct Gone {
    pub(super) size: usize,
    pub(super) stack: StackLink,
    /// How long its block lived, if it was freed.
    pub(super) lifetime: Lifetime,
    /// Whether its block was live until then.
    pub(super) was_live: bool,
    /// Otherwise the stack that had freed it, where that is known.
    pub(super) freed_by: Option<StackLink>,
}

/// A record with its stack's index, as readers inside the tracer see it.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) seq: u64,
    pub(super) address: usize,
    pub(super) size: usize,
    pub(super) core: u8,
    pub(super) stack: StackLink,
    /// When it was freed, and by whom, where that is known.
    pub(super) freed: Option<(u64, Option<StackLink>)>,
}

pub(super) struct Records {
    slots: Table<'static, Slot>,
    mode: Mode,
    capacity: u16,
    /// Leaks mode: slots given back, linked through `chain`.
    vacant: Link,
    /// Slots from here on were never used. A slot given back is used again first, so this is also
    /// the high-water mark.
    fresh: u16,
}

/// Returns what the bucket of an address is chosen by.
///
/// A product alone keeps equally spaced numbers equally spaced, and a leak is often blocks of one size
/// in a row: a thousand of them would share a few buckets. Of the shifts, 7 spreads best.
#[inline(always)]
fn key(address: usize) -> usize {
    address ^ address >> 7
}

impl Records {
    /// The table before there is a buffer.
    pub(super) const EMPTY: Self = Self {
        slots: Table::EMPTY,
        mode: Mode::All,
        capacity: 0,
        vacant: NONE,
        fresh: 1,
    };

    pub(super) fn new(slots: Table<'static, Slot>) -> Self {
        Self {
            capacity: slots.len().saturating_sub(1),
            slots,
            ..Self::EMPTY
        }
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
        self.vacant = NONE;
        self.fresh = 1;
        if self.slots.len() > 0 {
            self.slots[ENDS].set_older(NONE);
            self.slots[ENDS].set_newer(NONE);
        }
    }

    /// Clears some of the buckets, a step of a [`clear`](Self::clear).
    pub(super) fn clear_buckets(&mut self, range: core::ops::Range<u16>) {
        for link in self.slots.links(range) {
            self.slots[link].bucket = NONE;
        }
    }

    /// Returns a slot for a new record, or `None` while the table is full.
    ///
    /// `mode` is the table's own. It is handed in as a constant, here and below, so that an event
    /// asks for it once.
    #[inline(always)]
    pub(super) fn room(&mut self, mode: Mode) -> Option<Link> {
        if mode == Mode::Leaks {
            let vacant = self.vacant;
            if vacant != NONE {
                self.vacant = self.slots[vacant].chain();
                return Some(vacant);
            }
            // Only until the table has grown as large as it gets.
            cold_path();
        }
        let fresh = self.slots.link(self.fresh)?;
        self.fresh += 1;
        Some(fresh)
    }

    /// Puts the record of a block into a slot that [`room`](Self::room) or [`evict`](Self::evict)
    /// returned, and into the [bucket](Self::bucket) of its address.
    #[inline(always)]
    pub(super) fn insert(&mut self, mode: Mode, index: Link, bucket: Bucket, block: &Block) {
        let mut slots = self.slots.local();
        let newest = slots[ENDS].older();
        slots[ENDS].set_older(index);
        if mode == Mode::Leaks {
            slots[newest].set_newer(index);
        }
        let chain = core::mem::replace(&mut slots[bucket].bucket, index);
        let slot = &mut slots[index];
        slot.fill(block, chain);
        if mode == Mode::Leaks {
            slot.set_older(newest);
            slot.set_newer(ENDS);
        }
    }

    /// Returns the bucket that records of an address are in. There must be slots.
    #[inline(always)]
    pub(super) fn bucket(&self, address: usize) -> Bucket {
        self.slots.bucket(key(address))
    }

    /// Checks whether there may be a live record of an address in its bucket, by a look at the newest one there.
    #[inline(always)]
    pub(super) fn may_hold(&self, bucket: Bucket, address: usize) -> bool {
        let newest = self.slots[bucket].bucket;
        if newest == NONE {
            return false;
        }
        let slot = &self.slots[newest];
        slot.address() == address || slot.chain() != NONE
    }

    /// Leaks mode: removes the newest live record of an address, whose block is freed at about `time_us`.
    ///
    /// The rest is done in either branch, not behind both: so the usual way has nothing to work out again of what it knows.
    #[inline(always)]
    pub(super) fn take(&mut self, address: usize, time_us: u64) -> Option<Gone> {
        let bucket = self.bucket(address);
        let first = self.slots[bucket].bucket;
        if first == NONE {
            return None;
        }
        let slot = &self.slots[first];
        if slot.address() == address {
            self.slots[bucket].bucket = slot.chain();
            return Some(self.take_out(first, time_us));
        }
        // Most buckets hold but one record.
        cold_path();
        let index = self.unlink_behind(first, |_, slot| slot.address() == address)?;
        Some(self.take_out(index, time_us))
    }

    /// Leaks mode: removes a record that is in no bucket any more.
    #[inline(always)]
    fn take_out(&mut self, index: Link, time_us: u64) -> Gone {
        let slot = &self.slots[index];
        let gone = Gone {
            size: slot.size(),
            stack: slot.stack(),
            lifetime: Lifetime::between(slot.seq(), time_us),
            was_live: true,
            freed_by: None,
        };
        self.remove(index);
        gone
    }

    /// All mode: marks the newest live record of an address as freed.
    #[inline(always)]
    pub(super) fn free(
        &mut self,
        address: usize,
        time_us: u64,
        freed_by: Option<StackLink>,
    ) -> Option<Gone> {
        let index = self.unlink(address, |_, slot| slot.address() == address)?;
        let slot = &mut self.slots[index];
        slot.free(time_us, freed_by);
        Some(Gone {
            size: slot.size(),
            stack: slot.stack(),
            lifetime: slot.lifetime(),
            was_live: true,
            freed_by,
        })
    }

    /// Returns the newest live record of an address. There must be slots.
    pub(super) fn find(&self, address: usize) -> Option<Entry> {
        let mut index = self.slots[self.bucket(address)].bucket;
        while index != NONE {
            let slot = &self.slots[index];
            if slot.address() == address {
                return Some(self.entry(slot));
            }
            index = slot.chain();
        }
        None
    }

    /// Returns the record that [`evict`](Self::evict) would give up. There must be records.
    pub(super) fn next_evicted(&self) -> Entry {
        self.entry(&self.slots[self.oldest()])
    }

    /// Gives up the oldest record of a full table and returns its slot, which is to be filled at
    /// once.
    #[cold]
    pub(super) fn evict(&mut self) -> (Link, Gone) {
        let index = self.oldest();
        let slot = self.slots[index];
        let was_live = !slot.is_freed();
        if was_live {
            self.unlink(slot.address(), |other, _| other == index);
        }
        if self.mode == Mode::Leaks {
            self.remove(index);
            self.vacant = self.slots[index].chain();
        }
        let gone = Gone {
            size: slot.size(),
            stack: slot.stack(),
            lifetime: Lifetime::default(),
            was_live,
            freed_by: if was_live { None } else { slot.freed_by() },
        };
        (index, gone)
    }

    /// Leaks mode: returns the sequence number and the call stack of a block that was freed a short while ago, if
    /// one of the slots that were given back last still tells of it.
    ///
    /// While there are such slots, nothing was evicted since they were given back: so there was no later block of that address
    /// whose record is gone.
    pub(super) fn freed_lately(&self, address: usize) -> Option<(u64, StackLink)> {
        let mut vacant = self.vacant;
        for _ in 0..STEP {
            if vacant == NONE {
                return None;
            }
            let slot = &self.slots[vacant];
            if slot.address() == address {
                return Some((slot.seq(), slot.stack()));
            }
            vacant = slot.chain();
        }
        None
    }

    /// Leaks mode: takes a record out of the list and its slot back.
    #[inline(always)]
    fn remove(&mut self, index: Link) {
        let mut slots = self.slots.local();
        let slot = &mut slots[index];
        let (older, newer) = (slot.older(), slot.newer());
        slot.set_chain(self.vacant);
        slots[older].set_newer(newer);
        slots[newer].set_older(older);
        self.vacant = index;
    }

    /// Leaks mode: tells whether a slot that was used in this trace holds a record now.
    ///
    /// A removed record's own links stay, so that removing costs nothing more. But its older
    /// neighbour was led past it, and nothing leads there again before the slot is reused.
    fn is_listed(&self, index: Link) -> bool {
        self.slots[self.slots[index].older()].newer() == index
    }

    /// Takes the newest record that fits out of the bucket of an address. There must be slots.
    #[inline(always)]
    fn unlink(&mut self, address: usize, fits: impl Fn(Link, &Slot) -> bool) -> Option<Link> {
        let bucket = self.bucket(address);
        let first = self.slots[bucket].bucket;
        if first == NONE {
            return None;
        }
        if fits(first, &self.slots[first]) {
            self.slots[bucket].bucket = self.slots[first].chain();
            return Some(first);
        }
        // Most buckets hold but one record.
        cold_path();
        self.unlink_behind(first, fits)
    }

    /// Takes the newest record that fits, and is older than the given one, out of their bucket.
    fn unlink_behind(
        &mut self,
        mut before: Link,
        fits: impl Fn(Link, &Slot) -> bool,
    ) -> Option<Link> {
        loop {
            let index = self.slots[before].chain();
            if index == NONE {
                return None;
            }
            if fits(index, &self.slots[index]) {
                let chain = self.slots[index].chain();
                self.slots[before].set_chain(chain);
                return Some(index);
            }
            before = index;
        }
    }

    /// All mode: the next slot of the ring.
    #[inline(always)]
    fn after(&self, index: Link) -> Link {
        match self.slots.link(index.index() + 1) {
            Some(next) => next,
            None => self.first(),
        }
    }

    /// Returns the first slot that may hold a record, [`NONE`] if the table has none.
    fn first(&self) -> Link {
        self.slots.link(1).unwrap_or(NONE)
    }

    /// Returns the slot of the oldest record, [`NONE`] if there is no record.
    fn oldest(&self) -> Link {
        match self.mode {
            _ if self.fresh == 1 => NONE,
            Mode::Leaks => self.slots[ENDS].newer(),
            Mode::All if self.fresh <= self.capacity => self.first(),
            Mode::All => self.after(self.slots[ENDS].older()),
        }
    }

    fn newer(&self, index: Link) -> Link {
        match self.mode {
            Mode::Leaks => self.slots[index].newer(),
            Mode::All if index == self.slots[ENDS].older() => NONE,
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
            (cursor.slot, cursor.slot_seq) = (index.index(), slot.seq());
            index = self.newer(index);
        }
        true
    }

    /// Returns the record behind the one that the cursor saw last, or the oldest if that is gone.
    fn resume(&self, cursor: &RecordCursor) -> Link {
        match self.seen_last(cursor) {
            Some(index) => self.newer(index),
            None => self.oldest(),
        }
    }

    /// Returns the slot of the record that the cursor saw last, unless that is gone.
    fn seen_last(&self, cursor: &RecordCursor) -> Option<Link> {
        if !(1..self.fresh).contains(&cursor.slot) {
            return None;
        }
        let index = self.slots.link(cursor.slot)?;
        let is_there = self.slots[index].seq() == cursor.slot_seq
            && (self.mode == Mode::All || self.is_listed(index));
        is_there.then_some(index)
    }

    fn entry(&self, slot: &Slot) -> Entry {
        Entry {
            seq: slot.seq(),
            address: slot.address(),
            size: slot.size(),
            core: slot.core(),
            stack: slot.stack(),
            freed: slot
                .is_freed()
                .then(|| (slot.seq() + slot.lifetime().us(), slot.freed_by())),
        }
    }
}

impl Entry {
    /// Returns the record as readers outside see it; `id` and `task` tell of a stack's index.
    pub(super) fn view(
        &self,
        id: impl Fn(StackLink) -> u32,
        task: impl Fn(StackLink) -> u16,
    ) -> trace::Record {
        trace::Record {
            seq: self.seq,
            address: Address(self.address as u64),
            size: self.size as u64,
            core: self.core,
            task: task(self.stack),
            stack: id(self.stack),
            freed: self.freed.map(|(time_us, stack)| trace::Freed {
                time_us,
                stack: stack.map(&id),
            }),
        }
    }
}
