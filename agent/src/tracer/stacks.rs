//! The stack table: each distinct call stack is stored once, with its own counters.
//!
//! Entry 0 is shared by all stacks that found no room. It is in no bucket, and its idle links lead
//! to the entry that is recycled first and to the one that is recycled last.

use super::CallStack;
use super::table::{self, Table};
use super::values::{Leak, Trace};
use heapbeacon_shared::trace;

/// Most entries of a stack table, so that a set of them fits into 256 bytes.
pub(super) const MAX_STACKS: usize = 2048;
/// The entry shared by all stacks that found no room.
const OTHER: Link = Link::NONE;
const NONE: Link = Link::NONE;

pub(super) type Link = table::Link<Entry>;

/// One call stack, and one bucket of the index: bucket `i` begins in entry `i`'s `bucket`.
#[repr(C)]
#[derive(Clone, Default)]
pub(super) struct Entry {
    stack: CallStack,
    live_bytes: usize,
    peak_live_bytes: usize,
    allocations: u64,
    frees: u64,
    evicted: u64,
    /// How many records, live or freed, and ledger entries name this one, less one: so that an event tells from
    /// the carry whether the entry is idle.
    references_less_one: u32,
    task: u16,
    generation: u16,
    chain: Link,
    bucket: Link,
    /// Neighbours among the idle entries: the one recycled before this one, and the one recycled after it.
    before: Link,
    after: Link,
    tally: Tally,
}

#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<Entry>() == 152);

/// A leak query's sums; they count only if `query` is the running query's number.
#[derive(Clone, Default)]
struct Tally {
    query: u32,
    count: u32,
    bytes: usize,
    oldest: u64,
    newest: u64,
}

pub(super) struct Stacks {
    entries: Table<Entry>,
    /// Entries from here on were never used.
    fresh: u16,
    /// The last idle entry that lost no record. Those that did come behind: of what they hold, nobody else knows.
    last_settled: Link,
    recycled: u64,
}

impl Stacks {
    /// The table before there is a buffer.
    pub(super) const EMPTY: Self = Self {
        entries: Table::EMPTY,
        fresh: 1,
        last_settled: OTHER,
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
        self.fresh - 1
    }

    pub(super) fn capacity(&self) -> u16 {
        self.entries.len().saturating_sub(1)
    }

    /// Returns the number of entries, the shared one included.
    pub(super) fn entries(&self) -> u16 {
        self.entries.len()
    }

    pub(super) fn recycled(&self) -> u64 {
        self.recycled
    }

    /// Returns how many allocations share entry 0.
    pub(super) fn other_allocations(&self) -> u64 {
        if self.entries.len() == 0 {
            0
        } else {
            self.entries[OTHER].allocations
        }
    }

    /// Forgets every stack; the buckets are cleared by [`clear_buckets`](Self::clear_buckets).
    pub(super) fn clear(&mut self) {
        self.fresh = 1;
        self.last_settled = OTHER;
        self.recycled = 0;
        if self.entries.len() > 0 {
            // The reference is the table's own: the shared entry is never idle.
            self.fill(OTHER, &CallStack::NOBODYS, 0);
        }
    }

    /// Clears some of the buckets, a step of a [`clear`](Self::clear).
    pub(super) fn clear_buckets(&mut self, range: core::ops::Range<u16>) {
        for link in self.entries.links(range) {
            self.entries[link].bucket = NONE;
        }
    }

    /// Returns the entry of a call stack, [`OTHER`] if it has none and there is no room, with one
    /// reference more: it is not recycled before that is [released](Self::release).
    ///
    /// Its sum decides on the bucket. Different stacks of one sum are rare.
    #[inline(always)]
    pub(super) fn intern(&mut self, stack: &CallStack, task: u16) -> Link {
        self.intern_and(stack, task, |_| ())
    }

    /// Counts an allocation of a call stack, and returns what [`intern`](Self::intern) does.
    #[inline(always)]
    pub(super) fn allocated(&mut self, stack: &CallStack, task: u16, size: usize) -> Link {
        self.intern_and(stack, task, |entry| {
            entry.allocations += 1;
            entry.live_bytes = entry.live_bytes.wrapping_add(size);
        })
    }

    #[inline(always)]
    fn intern_and(&mut self, stack: &CallStack, task: u16, count: impl Fn(&mut Entry)) -> Link {
        // An empty bucket leads to the shared entry, which is equal to no stack.
        let first = self.entries.bucket(stack.sum()).bucket;
        let entry = &mut self.entries[first];
        if entry.is(stack, task) {
            count(entry);
            if entry.refer() {
                self.end_idle(first);
            }
            return first;
        }
        // Most buckets hold but one stack.
        let index = self.intern_behind(first, stack, task);
        count(&mut self.entries[index]);
        index
    }

    /// Interns a stack that the first entry of its bucket is not equal to.
    #[cold]
    fn intern_behind(&mut self, first: Link, stack: &CallStack, task: u16) -> Link {
        let mut index = first;
        while index != NONE {
            index = self.entries[index].chain;
            let entry = &mut self.entries[index];
            if entry.is(stack, task) {
                if entry.refer() {
                    self.end_idle(index);
                }
                return index;
            }
        }
        self.add(stack, task)
    }

    #[cold]
    fn add(&mut self, stack: &CallStack, task: u16) -> Link {
        let Some(index) = self.room() else {
            self.entries[OTHER].refer();
            return OTHER;
        };
        self.fill(index, stack, task);
        let bucket = &mut self.entries.bucket_mut(stack.sum()).bucket;
        self.entries[index].chain = core::mem::replace(bucket, index);
        index
    }

    /// Finds an entry for a new stack: a fresh one, else an idle one.
    fn room(&mut self) -> Option<Link> {
        if let Some(fresh) = self.entries.link(self.fresh) {
            self.fresh += 1;
            return Some(fresh);
        }
        let index = self.entries[OTHER].after;
        if index == NONE {
            return None;
        }
        self.end_idle(index);
        self.unlink(index);
        self.entries[index].generation = self.entries[index].generation.wrapping_add(1);
        self.recycled += 1;
        Some(index)
    }

    /// Writes a new entry, with one reference.
    fn fill(&mut self, index: Link, stack: &CallStack, task: u16) {
        let entry = &mut self.entries[index];
        *entry = Entry {
            stack: *stack,
            task,
            generation: entry.generation,
            bucket: entry.bucket,
            ..Entry::default()
        };
    }

    /// Takes an entry out of its bucket.
    fn unlink(&mut self, wanted: Link) {
        let Entry { stack, chain, .. } = &self.entries[wanted];
        let (sum, chain) = (stack.sum(), *chain);
        let bucket = &mut self.entries.bucket_mut(sum).bucket;
        let mut index = *bucket;
        if index == wanted {
            *bucket = chain;
            return;
        }
        while self.entries[index].chain != wanted {
            index = self.entries[index].chain;
        }
        self.entries[index].chain = chain;
    }

    /// Counts the free of a block.
    #[inline(always)]
    pub(super) fn freed(&mut self, index: Link, size: usize) {
        let entry = &mut self.entries[index];
        entry.frees += 1;
        entry.shrink(size);
    }

    /// Counts that the record of a live block was evicted.
    pub(super) fn evicted(&mut self, index: Link, size: usize) {
        let entry = &mut self.entries[index];
        entry.evicted += 1;
        entry.shrink(size);
    }

    /// Adds a reference to an entry, and returns its link.
    pub(super) fn refer(&mut self, index: Link) -> Link {
        if self.entries[index].refer() {
            self.end_idle(index);
        }
        index
    }

    /// Takes a reference to an entry back.
    #[inline(always)]
    pub(super) fn release(&mut self, index: Link) {
        if self.entries[index].unrefer() {
            self.begin_idle(index);
        }
    }

    /// Puts an entry among the idle ones: behind those idle for longer that are like it.
    #[cold]
    fn begin_idle(&mut self, index: Link) {
        let before = match self.entries[index].evicted {
            0 => core::mem::replace(&mut self.last_settled, index),
            _ => self.entries[OTHER].before,
        };
        let after = core::mem::replace(&mut self.entries[before].after, index);
        self.entries[after].before = index;
        let entry = &mut self.entries[index];
        (entry.before, entry.after) = (before, after);
    }

    /// Takes an entry out of the idle ones.
    #[cold]
    fn end_idle(&mut self, index: Link) {
        let entry = &mut self.entries[index];
        let (before, after) = (entry.before, entry.after);
        self.entries[before].after = after;
        self.entries[after].before = before;
        if self.last_settled == index {
            self.last_settled = before;
        }
    }

    /// Returns the id that readers know an entry by: its index, and how often it was recycled.
    pub(super) fn id(&self, index: Link) -> u32 {
        u32::from(self.entries[index].generation) << 16 | u32::from(index.index())
    }

    pub(super) fn task(&self, index: Link) -> u16 {
        self.entries[index].task
    }

    /// Returns the stack with this id, unless its entry has been recycled.
    pub(super) fn get(&self, id: u32) -> Option<trace::Stack> {
        let index = self.used(id as u16)?;
        (self.id(index) == id).then(|| self.view(index))
    }

    /// Returns the stack in one entry, if there is one.
    pub(super) fn at(&self, index: u16) -> Option<trace::Stack> {
        self.used(index).map(|index| self.view(index))
    }

    /// Returns the link to an entry that holds a stack; without a buffer there is not even the first one.
    fn used(&self, index: u16) -> Option<Link> {
        let link = self.entries.link(index)?;
        (index < self.fresh).then_some(link)
    }

    fn view(&self, index: Link) -> trace::Stack {
        let entry = &self.entries[index];
        trace::Stack {
            id: self.id(index),
            task: entry.task,
            frames: entry
                .stack
                .as_slice()
                .iter()
                .map(|frame| *frame as u64)
                .collect(),
            live_count: entry.allocations - entry.frees - entry.evicted,
            live_bytes: entry.live_bytes as u64,
            peak_live_bytes: entry.peak_live_bytes.max(entry.live_bytes) as u64,
            allocations: entry.allocations,
            frees: entry.frees,
            evicted: entry.evicted,
            cut: None,
        }
    }

    /// Adds a live block to the sums of a leak query.
    pub(super) fn tally(&mut self, index: Link, query: u32, size: usize, seq: u64) {
        let tally = &mut self.entries[index].tally;
        if tally.query != query {
            *tally = Tally {
                query,
                oldest: seq,
                ..Tally::default()
            };
        }
        tally.count += 1;
        tally.bytes = tally.bytes.saturating_add(size);
        tally.newest = seq;
    }

    /// Returns the sums of a leak query for one entry, if it has any.
    pub(super) fn tallied(&self, index: u16, query: u32) -> Option<Leak> {
        let index = self.used(index)?;
        let tally = &self.entries[index].tally;
        (tally.query == query).then(|| Leak {
            stack: self.id(index),
            count: tally.count,
            bytes: tally.bytes as u64,
            oldest_us: tally.oldest,
            newest_us: tally.newest,
        })
    }
}

impl Entry {
    /// Adds a reference, and returns whether there was none before.
    #[inline(always)]
    fn refer(&mut self) -> bool {
        self.references_less_one = self.references_less_one.wrapping_add(1);
        self.references_less_one == 0
    }

    /// Takes a reference off, and returns whether there is none left.
    #[inline(always)]
    fn unrefer(&mut self) -> bool {
        let (less, is_idle) = self.references_less_one.overflowing_sub(1);
        self.references_less_one = less;
        is_idle
    }

    /// Takes off the bytes of a live block.
    #[inline(always)]
    fn shrink(&mut self, size: usize) {
        // The peak is always just before a block goes, or now.
        if self.live_bytes > self.peak_live_bytes {
            self.peak_live_bytes = self.live_bytes;
        }
        self.live_bytes = self.live_bytes.wrapping_sub(size);
    }

    #[inline(always)]
    fn is(&self, stack: &CallStack, task: u16) -> bool {
        self.task == task && self.stack.is(stack)
    }
}

/// A reader's place among the stacks of one trace.
#[derive(Clone, Debug)]
pub struct StackCursor {
    pub(super) trace: Trace,
    next: u16,
}

impl StackCursor {
    /// Starts behind the stack with this id; `None` is before the first.
    pub fn after(trace: Trace, id: Option<u32>) -> Self {
        Self {
            trace,
            next: id.map_or(0, |id| (id as u16).saturating_add(1)),
        }
    }

    pub(super) fn advance(&mut self) {
        self.next = self.next.saturating_add(1);
    }

    pub(super) fn next(&self) -> u16 {
        self.next
    }
}

/// A reader's place in the list of leaks of one trace, largest first.
///
/// It is of the blocks that are there before a moment, so their sums only fall while the list is read: none
/// is skipped, and the order holds from one piece of it to the next.
#[derive(Clone, Debug)]
pub struct LeakCursor {
    pub(super) trace: Trace,
    before_us: u64,
    passed: [u32; MAX_STACKS / u32::BITS as usize],
}

impl LeakCursor {
    /// Starts before the largest sum of blocks that were allocated before `before_us`, in microseconds since boot.
    pub fn before(trace: Trace, before_us: u64) -> Self {
        Self {
            trace,
            before_us,
            passed: [0; _],
        }
    }

    pub(super) fn before_us(&self) -> u64 {
        self.before_us
    }

    /// Returns whether the stack with this id was read.
    pub(super) fn has_passed(&self, id: u32) -> bool {
        let (word, bit) = Self::place(id);
        self.passed[word] & bit != 0
    }

    /// Notes that the stack with this id was read.
    pub(super) fn pass(&mut self, id: u32) {
        let (word, bit) = Self::place(id);
        self.passed[word] |= bit;
    }

    /// Returns the word and the bit of a stack's place in the table. A stack that has taken the place of another
    /// since has no block from before.
    fn place(id: u32) -> (usize, u32) {
        let index = id as usize % MAX_STACKS;
        (
            index / u32::BITS as usize,
            1 << (index % u32::BITS as usize),
        )
    }
}
