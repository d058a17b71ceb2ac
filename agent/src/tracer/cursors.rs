//! Where readers stand: plain numbers, which the tables compare with what they hold.

use super::stacks::MAX_STACKS;
use super::values::{Order, Trace};

/// A reader's place among the records of one trace: behind a sequence number.
///
/// Records may come and go while a reader pauses: it never sees one twice, and never misses one
/// that lives throughout.
#[derive(Clone, Debug)]
pub struct RecordCursor {
    pub(super) trace: Trace,
    pub(super) after: u64,
    /// The record seen last, and its sequence number, so that reading goes on without a search.
    pub(super) slot: u16,
    pub(super) slot_seq: u64,
}

impl RecordCursor {
    /// Starts behind the record with this sequence number; 0 is before the oldest.
    pub fn after(trace: Trace, seq: u64) -> Self {
        Self {
            trace,
            after: seq,
            slot: 0,
            slot_seq: 0,
        }
    }

    /// Returns the sequence number of the last record read.
    pub fn position(&self) -> u64 {
        self.after
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
    now_us: u64,
    since_us: u64,
    before_us: u64,
    order: Order,
    gives_way: bool,
    passed: [u32; MAX_STACKS / u32::BITS as usize],
}

impl LeakCursor {
    /// Starts before the largest sum of blocks that were allocated before `before_us`, in microseconds since boot.
    pub fn before(trace: Trace, before_us: u64) -> Self {
        Self {
            trace,
            now_us: before_us,
            since_us: 0,
            before_us,
            order: Order::default(),
            gives_way: false,
            passed: [0; _],
        }
    }

    /// Leaves out blocks that were allocated before `since_us`, in microseconds since boot.
    pub fn since(self, since_us: u64) -> Self {
        Self { since_us, ..self }
    }

    /// Returns where the records of its blocks begin.
    pub(super) fn records(&self) -> RecordCursor {
        RecordCursor::after(self.trace, self.since_us.saturating_sub(1))
    }

    /// Says that the list is of this moment, not of the one that the blocks were allocated before.
    pub fn at(self, now_us: u64) -> Self {
        Self { now_us, ..self }
    }

    /// Sorts the list by something else than bytes.
    pub fn by(self, order: Order) -> Self {
        Self { order, ..self }
    }

    /// Lets another query end this one where that `gives_way`.
    pub fn giving_way(self, gives_way: bool) -> Self {
        Self { gives_way, ..self }
    }

    pub(super) fn gives_way(&self) -> bool {
        self.gives_way
    }

    pub(super) fn order(&self) -> Order {
        self.order
    }

    pub(super) fn now_us(&self) -> u64 {
        self.now_us
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
