//! The stack table: each distinct call stack is stored once, with its own counters.

use super::table::{NIL, Table, bucket};
use super::view::{self, Frames, Leak};
use heapbeacon_shared::MAX_FRAMES;

/// Most entries of a stack table, so that a set of them fits into 256 bytes.
pub(super) const MAX_STACKS: usize = 2048;
/// The entry shared by all stacks that found no room.
pub(super) const OTHER: u16 = 0;

/// One call stack, and one bucket of the index: bucket `i` begins in entry `i`'s `bucket`.
#[derive(Clone)]
pub(super) struct Entry {
    frames: [usize; MAX_FRAMES],
    allocations: u64,
    hash: u32,
    len: u8,
    idle: bool,
    task: u16,
    generation: u16,
    chain: u16,
    bucket: u16,
    /// Neighbours among the idle entries, the longest idle first.
    idle_before: u16,
    idle_behind: u16,
    /// Records and ledger entries that refer to this one.
    references: u32,
    live_count: u32,
    evicted: u32,
    live_bytes: usize,
    peak_live_bytes: usize,
    tally: Tally,
}

/// A leak query's sums; they count only if `query` is the running query's number.
#[derive(Clone, Default)]
struct Tally {
    query: u16,
    count: u32,
    bytes: usize,
    oldest: u64,
    newest: u64,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            frames: [0; MAX_FRAMES],
            allocations: 0,
            hash: 0,
            len: 0,
            idle: false,
            task: 0,
            generation: 0,
            chain: NIL,
            bucket: NIL,
            idle_before: NIL,
            idle_behind: NIL,
            references: 0,
            live_count: 0,
            evicted: 0,
            live_bytes: 0,
            peak_live_bytes: 0,
            tally: Tally::default(),
        }
    }
}

pub(super) struct Stacks {
    entries: Table<Entry>,
    /// Entries from here on were never used.
    fresh: u16,
    first_idle: u16,
    last_idle: u16,
    recycled: u64,
}

impl Stacks {
    pub(super) const EMPTY: Self = Self {
        entries: Table::EMPTY,
        fresh: 0,
        first_idle: NIL,
        last_idle: NIL,
        recycled: 0,
    };

    pub(super) fn new(entries: Table<Entry>) -> Self {
        let mut stacks = Self {
            entries,
            ..Self::EMPTY
        };
        stacks.clear();
        stacks
    }

    /// Returns how many distinct call stacks are in the table.
    pub(super) fn count(&self) -> u16 {
        self.fresh.saturating_sub(1)
    }

    pub(super) fn capacity(&self) -> u16 {
        self.entries.len().saturating_sub(1)
    }

    pub(super) fn len(&self) -> u16 {
        self.entries.len()
    }

    pub(super) fn recycled(&self) -> u64 {
        self.recycled
    }

    /// Forgets every stack; the buckets are cleared by [`clear_buckets`](Self::clear_buckets).
    pub(super) fn clear(&mut self) {
        self.first_idle = NIL;
        self.last_idle = NIL;
        self.recycled = 0;
        self.fresh = 0;
        if self.entries.len() > 0 {
            self.fresh = 1;
            self.fill(OTHER, &[], 0, 0);
        }
    }

    /// Clears some of the buckets, a step of a [`clear`](Self::clear).
    pub(super) fn clear_buckets(&mut self, range: core::ops::Range<u16>) {
        for index in range {
            self.entries[index].bucket = NIL;
        }
    }

    /// Returns the entry of a call stack, [`OTHER`] if it has none and there is no room.
    #[inline(always)]
    pub(super) fn intern(&mut self, frames: &[usize], task: u16) -> u16 {
        let hash = hash(frames, task);
        let bucket = bucket(hash, self.entries.len());
        let mut index = self.entries[bucket].bucket;
        while index != NIL {
            let entry = &self.entries[index];
            if entry.hash == hash && entry.is(frames, task) {
                return index;
            }
            index = entry.chain;
        }
        self.add(frames, task, hash, bucket)
    }

    #[cold]
    fn add(&mut self, frames: &[usize], task: u16, hash: u32, bucket: u16) -> u16 {
        let index = match self.room() {
            Some(index) => index,
            None => return OTHER,
        };
        self.fill(index, frames, task, hash);
        self.entries[index].chain = self.entries[bucket].bucket;
        self.entries[bucket].bucket = index;
        index
    }

    /// Finds an entry for a new stack: a fresh one, else the one that has been idle longest.
    fn room(&mut self) -> Option<u16> {
        if self.fresh < self.entries.len() {
            self.fresh += 1;
            return Some(self.fresh - 1);
        }
        let index = self.first_idle;
        if index == NIL {
            return None;
        }
        self.end_idle(index);
        self.unlink_index(index);
        self.entries[index].generation = self.entries[index].generation.wrapping_add(1);
        self.recycled += 1;
        Some(index)
    }

    fn fill(&mut self, index: u16, frames: &[usize], task: u16, hash: u32) {
        let entry = &mut self.entries[index];
        *entry = Entry {
            hash,
            task,
            len: frames.len().min(MAX_FRAMES) as u8,
            generation: entry.generation,
            bucket: entry.bucket,
            ..Entry::default()
        };
        for (to, from) in entry.frames.iter_mut().zip(frames) {
            *to = *from;
        }
    }

    fn unlink_index(&mut self, wanted: u16) {
        let bucket = bucket(self.entries[wanted].hash, self.entries.len());
        let mut before = NIL;
        let mut index = self.entries[bucket].bucket;
        while index != wanted && index != NIL {
            before = index;
            index = self.entries[index].chain;
        }
        let chain = self.entries[wanted].chain;
        match before {
            NIL => self.entries[bucket].bucket = chain,
            before => self.entries[before].chain = chain,
        }
    }

    /// Counts a new live block of a stack, and holds on to the entry.
    #[inline(always)]
    pub(super) fn allocated(&mut self, index: u16, size: usize) {
        self.retain(index);
        let entry = &mut self.entries[index];
        entry.allocations += 1;
        entry.live_count += 1;
        entry.live_bytes += size;
        entry.peak_live_bytes = entry.peak_live_bytes.max(entry.live_bytes);
    }

    /// Counts the free of a block.
    #[inline(always)]
    pub(super) fn freed(&mut self, index: u16, size: usize) {
        let entry = &mut self.entries[index];
        entry.live_count -= 1;
        entry.live_bytes -= size;
    }

    /// Counts that a live record was evicted.
    pub(super) fn evicted(&mut self, index: u16, size: usize) {
        self.freed(index, size);
        self.entries[index].evicted += 1;
    }

    /// Holds on to an entry.
    #[inline(always)]
    pub(super) fn retain(&mut self, index: u16) {
        let entry = &mut self.entries[index];
        entry.references += 1;
        if entry.idle {
            self.end_idle(index);
        }
    }

    /// Lets go of an entry; one that nobody holds may be recycled.
    #[inline(always)]
    pub(super) fn release(&mut self, index: u16) {
        let entry = &mut self.entries[index];
        entry.references -= 1;
        if entry.references == 0 && index != OTHER {
            self.begin_idle(index);
        }
    }

    fn begin_idle(&mut self, index: u16) {
        let before = self.last_idle;
        let entry = &mut self.entries[index];
        entry.idle = true;
        entry.idle_before = before;
        entry.idle_behind = NIL;
        self.last_idle = index;
        match before {
            NIL => self.first_idle = index,
            before => self.entries[before].idle_behind = index,
        }
    }

    fn end_idle(&mut self, index: u16) {
        let entry = &mut self.entries[index];
        entry.idle = false;
        let (before, behind) = (entry.idle_before, entry.idle_behind);
        match before {
            NIL => self.first_idle = behind,
            before => self.entries[before].idle_behind = behind,
        }
        match behind {
            NIL => self.last_idle = before,
            behind => self.entries[behind].idle_before = before,
        }
    }

    /// Returns the id that readers know an entry by: its index, and how often it was recycled.
    pub(super) fn id(&self, index: u16) -> u32 {
        u32::from(self.entries[index].generation) << 16 | u32::from(index)
    }

    pub(super) fn task(&self, index: u16) -> u16 {
        self.entries[index].task
    }

    /// Returns the stack with this id, unless its entry has been recycled.
    pub(super) fn get(&self, id: u32) -> Option<view::Stack> {
        let index = id as u16;
        (index < self.fresh && self.id(index) == id).then(|| self.view(index))
    }

    /// Returns the stack in one entry, if there is one.
    pub(super) fn at(&self, index: u16) -> Option<view::Stack> {
        (index < self.fresh).then(|| self.view(index))
    }

    fn view(&self, index: u16) -> view::Stack {
        let entry = &self.entries[index];
        let (live, evicted) = (u64::from(entry.live_count), u64::from(entry.evicted));
        view::Stack {
            id: self.id(index),
            task: entry.task,
            frames: entry
                .frames()
                .iter()
                .map(|frame| *frame as u64)
                .collect::<Frames>(),
            live_count: entry.live_count,
            live_bytes: entry.live_bytes as u64,
            peak_live_bytes: entry.peak_live_bytes as u64,
            allocations: entry.allocations,
            frees: entry.allocations - live - evicted,
            evicted,
        }
    }

    /// Adds a live block to the sums of a leak query.
    pub(super) fn tally(&mut self, index: u16, query: u16, size: usize, seq: u64) {
        let tally = &mut self.entries[index].tally;
        if tally.query != query {
            *tally = Tally {
                query,
                oldest: seq,
                ..Tally::default()
            };
        }
        tally.count += 1;
        tally.bytes += size;
        tally.newest = seq;
    }

    /// Returns the sums of a leak query for one entry, if it has any.
    pub(super) fn tallied(&self, index: u16, query: u16) -> Option<Leak> {
        let tally = &self.entries[index].tally;
        (index < self.fresh && tally.query == query).then(|| Leak {
            stack: self.id(index),
            count: tally.count,
            bytes: tally.bytes as u64,
            oldest_us: tally.oldest,
            newest_us: tally.newest,
        })
    }
}

impl Entry {
    fn frames(&self) -> &[usize] {
        self.frames.get(..usize::from(self.len)).unwrap_or(&[])
    }

    #[inline(always)]
    fn is(&self, frames: &[usize], task: u16) -> bool {
        self.task == task && self.frames() == frames
    }
}

/// Hashes a call stack: one multiplication and one addition a frame, folded at the end.
#[inline(always)]
fn hash(frames: &[usize], task: u16) -> u32 {
    #[cfg(target_pointer_width = "64")]
    const MULTIPLIER: usize = 0x9E37_79B9_7F4A_7C15;
    #[cfg(not(target_pointer_width = "64"))]
    const MULTIPLIER: usize = 0x9E37_79B1;
    let mut hash = usize::from(task);
    for frame in frames {
        hash = hash.wrapping_mul(MULTIPLIER).wrapping_add(*frame);
    }
    (hash.wrapping_mul(MULTIPLIER) >> (usize::BITS - 32)) as u32
}

/// A reader's place among the stacks.
#[derive(Clone, Debug, Default)]
pub struct StackCursor {
    next: u16,
}

impl StackCursor {
    /// Starts behind the stack with this id; `None` is before the first.
    pub fn after(id: Option<u32>) -> Self {
        Self {
            next: id.map_or(0, |id| (id as u16).saturating_add(1)),
        }
    }

    pub(super) fn advance(&mut self) -> u16 {
        self.next = self.next.saturating_add(1);
        self.next - 1
    }

    pub(super) fn next(&self) -> u16 {
        self.next
    }
}
