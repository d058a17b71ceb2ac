//! The stack table: each distinct call stack is stored once, with its own counters.
//!
//! Entry 0 is shared by all stacks that found no room. It is in no bucket, and never idle.
//!
//! An entry is idle while nothing refers to it, and may be recycled then. Idle entries wait in queues. One that is referred to
//! again stays where it is, for most call stacks come and go all the time: whoever looks for room skips it.

use super::CallStack;
use super::lifetime::Lifetime;
use super::table::{self, Table};
use super::values::Sums;
use heapbeacon_shared::trace::{self, Mode, Outlived};

/// Most entries of a stack table, so that a set of them fits into 256 bytes.
pub(super) const MAX_STACKS: usize = 2048;
/// The entry shared by all stacks that found no room.
const OVERFLOW: Link = Link::NONE;
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
    evicted: u64,
    /// Bytes of the blocks that were freed or lost their record.
    gone_bytes: u64,
    /// How many records of live blocks name this one. Together with the others these are its references.
    live: u32,
    /// How many records of freed blocks and ledger entries name this one.
    others: u32,
    longest: Lifetime,
    task: u16,
    generation: u16,
    chain: Link,
    bucket: Link,
    /// The entry behind this one in its queue.
    behind: Link,
    queued: Queued,
    /// Number of the leak query that `tally` is of. It stands here because there is room.
    query: u32,
    tally: Tally,
}

/// Whether an entry is in a queue of idle ones.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Queued {
    #[default]
    No,
    /// Since it became idle.
    Yes,
    /// Since it was idle before: it was referred to meanwhile.
    Before,
}

/// Entries in the order in which they became idle, as long as they stayed so.
struct Queue {
    first: Link,
    last: Link,
}

#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<Entry>() == 168);

/// A leak query's sums; they count only if they are the running query's.
#[derive(Clone, Default)]
struct Tally {
    count: u32,
    bytes: usize,
    oldest: u64,
    newest: u64,
    outlived: u32,
    outlived_bytes: usize,
}

pub(super) struct Stacks {
    entries: Table<'static, Entry>,
    /// Entries from here on were never used.
    fresh: u16,
    /// Idle entries that lost no record.
    settled: Queue,
    /// Idle entries that did: of what they hold, nobody else knows. So they are recycled after all others.
    lossy: Queue,
    recycled: u64,
}

/// Entries that are looked at to find an idle one, in one hold of the lock.
const LOOKS: usize = 32;

impl Stacks {
    /// The table before there is a buffer.
    pub(super) const EMPTY: Self = Self {
        entries: Table::EMPTY,
        fresh: 1,
        settled: Queue::EMPTY,
        lossy: Queue::EMPTY,
        recycled: 0,
    };

    pub(super) fn new(entries: Table<'static, Entry>) -> Self {
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
            self.entries[OVERFLOW].allocations
        }
    }

    /// Forgets every stack; the buckets are cleared by [`clear_buckets`](Self::clear_buckets).
    pub(super) fn clear(&mut self) {
        self.fresh = 1;
        self.settled = Queue::EMPTY;
        self.lossy = Queue::EMPTY;
        self.recycled = 0;
        if self.entries.len() > 0 {
            // The reference is the table's own: the shared entry is never idle.
            self.fill(OVERFLOW, &CallStack::NO_MATCH, 0);
            self.entries[OVERFLOW].others = 1;
        }
    }

    /// Clears some of the buckets, a step of a [`clear`](Self::clear).
    pub(super) fn clear_buckets(&mut self, range: core::ops::Range<u16>) {
        for link in self.entries.links(range) {
            self.entries[link].bucket = NONE;
        }
    }

    /// Returns the entry of a call stack, [`OVERFLOW`] if it has none and there is no room, with one
    /// reference more: it is not recycled before that is [released](Self::release).
    ///
    /// Its sum decides on the bucket. Different stacks of one sum are rare.
    #[inline(always)]
    pub(super) fn intern(&mut self, stack: &CallStack, task: u16) -> Link {
        self.intern_and(stack, task, |entry| entry.others += 1)
    }

    /// Counts an allocation of a call stack, and returns what [`intern`](Self::intern) does; the reference is that of the
    /// live block, until that is [freed](Self::freed) or [evicted](Self::evicted).
    #[inline(always)]
    pub(super) fn allocated(&mut self, stack: &CallStack, task: u16, size: usize) -> Link {
        self.intern_and(stack, task, |entry| {
            entry.allocations += 1;
            entry.live += 1;
            entry.live_bytes = entry.live_bytes.wrapping_add(size);
        })
    }

    #[inline(always)]
    fn intern_and(&mut self, stack: &CallStack, task: u16, count: impl Fn(&mut Entry)) -> Link {
        // An empty bucket leads to the shared entry, which is equal to no stack.
        let first = self.entries[self.entries.bucket(stack.sum())].bucket;
        let entry = &mut self.entries[first];
        if entry.is(stack, task) {
            count(entry);
            return first;
        }
        // Most buckets hold but one stack.
        let index = self.find_behind(first, stack, task);
        count(&mut self.entries[index]);
        index
    }

    /// Returns the entry of a stack that the first entry of its bucket is not equal to.
    #[cold]
    fn find_behind(&mut self, first: Link, stack: &CallStack, task: u16) -> Link {
        let mut index = first;
        while index != NONE {
            index = self.entries[index].chain;
            if self.entries[index].is(stack, task) {
                return index;
            }
        }
        self.add(stack, task)
    }

    #[cold]
    fn add(&mut self, stack: &CallStack, task: u16) -> Link {
        let Some(index) = self.room() else {
            return OVERFLOW;
        };
        self.fill(index, stack, task);
        let bucket = self.entries.bucket(stack.sum());
        let bucket = &mut self.entries[bucket].bucket;
        self.entries[index].chain = core::mem::replace(bucket, index);
        index
    }

    /// Finds an entry for a new stack: a fresh one, else an idle one.
    fn room(&mut self) -> Option<Link> {
        if let Some(fresh) = self.entries.link(self.fresh) {
            self.fresh += 1;
            return Some(fresh);
        }
        let index = self.idle()?;
        self.unlink(index);
        self.entries[index].generation = self.entries[index].generation.wrapping_add(1);
        self.recycled += 1;
        Some(index)
    }

    /// Takes the entry that has been idle for longest out of its queue; whatever else is met on the way leaves it, too.
    ///
    /// There may be an idle one behind more entries than are [looked at](LOOKS): the next call finds it.
    fn idle(&mut self) -> Option<Link> {
        for _ in 0..LOOKS {
            let index = self
                .settled
                .pop(&self.entries)
                .or_else(|| self.lossy.pop(&self.entries))?;
            let entry = &mut self.entries[index];
            let queued = core::mem::take(&mut entry.queued);
            if entry.is_referred_to() {
                continue;
            }
            if queued == Queued::Yes {
                return Some(index);
            }
            // Others have been idle for longer.
            self.begin_idle(index);
        }
        None
    }

    /// Writes a new entry, which nothing refers to yet.
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
        let bucket = self.entries.bucket(sum);
        let bucket = &mut self.entries[bucket].bucket;
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

    /// Counts the free of a block, whose record goes or, in all mode, stays and refers to the entry from now on.
    #[inline(always)]
    pub(super) fn freed(&mut self, mode: Mode, index: Link, size: usize, lifetime: Lifetime) {
        let entry = &mut self.entries[index];
        if lifetime > entry.longest {
            entry.longest = lifetime;
        }
        entry.shrink(size);
        entry.live -= 1;
        match mode {
            Mode::All => entry.others += 1,
            Mode::Leaks if entry.is_to_be_queued() => self.begin_idle(index),
            Mode::Leaks => {}
        }
    }

    /// Counts that the record of a live block was evicted.
    pub(super) fn evicted(&mut self, index: Link, size: usize) {
        let entry = &mut self.entries[index];
        entry.evicted += 1;
        entry.shrink(size);
        entry.live -= 1;
        if entry.is_to_be_queued() {
            self.begin_idle(index);
        }
    }

    /// Adds a reference to an entry, and returns its link.
    pub(super) fn refer(&mut self, index: Link) -> Link {
        self.entries[index].others += 1;
        index
    }

    /// Takes a reference to an entry back.
    pub(super) fn release(&mut self, index: Link) {
        let entry = &mut self.entries[index];
        entry.others -= 1;
        if entry.is_to_be_queued() {
            self.begin_idle(index);
        }
    }

    /// Puts an entry that has become idle at the end of its queue.
    #[cold]
    fn begin_idle(&mut self, index: Link) {
        let entry = &mut self.entries[index];
        entry.queued = Queued::Yes;
        let queue = match entry.evicted {
            0 => &mut self.settled,
            _ => &mut self.lossy,
        };
        queue.push(&mut self.entries, index);
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
            live_count: entry.live.into(),
            live_bytes: entry.live_bytes as u64,
            peak_live_bytes: entry.peak_live_bytes.max(entry.live_bytes) as u64,
            allocated_bytes: entry.gone_bytes.wrapping_add(entry.live_bytes as u64),
            allocations: entry.allocations,
            frees: entry.allocations - entry.evicted - u64::from(entry.live),
            evicted: entry.evicted,
            cut: None,
            longest_lifetime_us: entry.longest.us(),
        }
    }

    /// Adds a live block to the sums of a leak query that is of the time `now_us`.
    pub(super) fn tally(&mut self, index: Link, query: u32, size: usize, seq: u64, now_us: u64) {
        let entry = &mut self.entries[index];
        let Entry { tally, longest, .. } = entry;
        if core::mem::replace(&mut entry.query, query) != query {
            *tally = Tally {
                oldest: seq,
                ..Tally::default()
            };
        }
        tally.count += 1;
        tally.bytes = tally.bytes.saturating_add(size);
        tally.newest = seq;
        if Outlived::includes(seq, now_us, longest.us()) {
            tally.outlived += 1;
            tally.outlived_bytes = tally.outlived_bytes.saturating_add(size);
        }
    }

    /// Returns the sums of a leak query for one entry, if it has any.
    pub(super) fn tallied(&self, index: u16, query: u32) -> Option<Sums> {
        let index = self.used(index)?;
        let Entry {
            query: of, tally, ..
        } = &self.entries[index];
        (*of == query).then(|| Sums {
            stack: self.id(index),
            count: tally.count,
            bytes: tally.bytes as u64,
            oldest_us: tally.oldest,
            newest_us: tally.newest,
            outlived: Outlived {
                count: tally.outlived.into(),
                bytes: tally.outlived_bytes as u64,
            },
        })
    }
}

impl Queue {
    const EMPTY: Self = Self {
        first: NONE,
        last: NONE,
    };

    fn push(&mut self, entries: &mut Table<'static, Entry>, index: Link) {
        entries[index].behind = NONE;
        let last = core::mem::replace(&mut self.last, index);
        match self.first {
            first if first == NONE => self.first = index,
            _ => entries[last].behind = index,
        }
    }

    fn pop(&mut self, entries: &Table<'static, Entry>) -> Option<Link> {
        let first = self.first;
        if first == NONE {
            return None;
        }
        self.first = entries[first].behind;
        Some(first)
    }
}

impl Entry {
    /// Checks whether anything refers to this one, so that it can't be recycled.
    fn is_referred_to(&self) -> bool {
        self.live > 0 || self.others > 0
    }

    /// Checks whether an entry that has just lost a reference is idle and in no queue; if it is in one, takes note that it was referred to
    /// since.
    #[inline(always)]
    fn is_to_be_queued(&mut self) -> bool {
        if self.is_referred_to() {
            return false;
        }
        if self.queued == Queued::No {
            return true;
        }
        self.queued = Queued::Before;
        false
    }

    /// Takes off the bytes of a live block, which is gone.
    #[inline(always)]
    fn shrink(&mut self, size: usize) {
        // The peak is always just before a block goes, or now.
        if self.live_bytes > self.peak_live_bytes {
            self.peak_live_bytes = self.live_bytes;
        }
        self.live_bytes = self.live_bytes.wrapping_sub(size);
        self.gone_bytes = self.gone_bytes.wrapping_add(size as u64);
    }

    #[inline(always)]
    fn is(&self, stack: &CallStack, task: u16) -> bool {
        self.task == task && self.stack.is(stack)
    }
}
