//! Which blocks are looked for, and which of them nothing refers to any more: a few with each scan.
//!
//! There is no room here for the graph that [`Holders`](heapbeacon_shared::analysis::Holders) has. So a scan looks for words that point into a
//! few blocks from outside of them, and a block for which two dozen scans find none is lost: a scan is no snapshot, and may miss a block that moves. Of blocks that only a lost one refers to,
//! and of those that refer to each other in a ring, it knows nothing: it may miss some, and never calls a block lost that is held.

use heapbeacon_shared::trace::{Record, Reference};
use heapless::Vec;

use crate::read::motion::LOOKS;
use crate::tracer::Trace;

/// Blocks that one scan looks for.
const AT_A_TIME: usize = 24;
/// Samples from one scan to the next, where none has missed a block.
const PERIOD: u8 = 5;
/// Scans that find nothing before a block is called lost: as many as two [of those that tell](crate::read::motion) have looks.
const SCANS: u8 = 2 * LOOKS;

/// A search through the blocks of a trace, over and over.
#[derive(Clone, Debug)]
pub(super) struct Search {
    trace: Trace,
    /// Until when blocks may have been freed unseen.
    doubtful_until_us: u64,
    /// Samples until the next scan.
    wait: u8,
    /// Sequence number behind which the blocks are that this round has not come to.
    after: u64,
    /// The last that this round comes to; 0 before it has begun.
    until: u64,
    blocks: Vec<Block, AT_A_TIME>,
    /// Bytes of the lost blocks that this round has found, and of those that the one before has.
    bytes: u64,
    bytes_before: u64,
}

/// A block that is looked for.
#[derive(Clone, Copy, Debug)]
struct Block {
    seq: u64,
    /// Its address with all bits inverted: scans read this memory, too.
    hidden: usize,
    size: usize,
    /// Scans that found nothing.
    scans: u8,
    is_held: bool,
}

/// Blocks on their way from one scan to the next.
pub(super) struct Choice {
    sought: Vec<Block, AT_A_TIME>,
    is_over: bool,
}

impl Search {
    pub(super) const NEW: Self = Self {
        trace: Trace::NONE,
        doubtful_until_us: 0,
        wait: 0,
        after: 0,
        until: 0,
        blocks: Vec::new(),
        bytes: 0,
        bytes_before: 0,
    };

    /// Returns how many bytes the lost blocks have that were found.
    pub(in crate::field) fn bytes(&self) -> u64 {
        self.bytes.max(self.bytes_before)
    }

    /// Notes that another sample is taken of a trace; returns whether it is time for a scan. With another trace, it begins anew, and where
    /// blocks may have been freed unseen.
    pub(super) fn is_due(&mut self, trace: Trace, doubtful_until_us: u64) -> bool {
        if (trace, doubtful_until_us) != (self.trace, self.doubtful_until_us) {
            *self = Self {
                trace,
                doubtful_until_us,
                ..Self::NEW
            };
        }
        // The first finding is what somebody waits for.
        let is_missed = self.blocks.iter().any(|block| block.scans > 0);
        let is_due = self.wait == 0 || is_missed && self.bytes() == 0;
        self.wait = self.wait.checked_sub(1).unwrap_or(PERIOD - 1);
        is_due
    }

    /// Returns whether there is anything to look for.
    pub(super) fn has_blocks(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// Begins to choose: the blocks of the trace are [offered](Self::offer), oldest first. A round looks for those that are settled when it begins.
    pub(super) fn choose(&mut self, settled_us: u64) -> Choice {
        if self.until == 0 {
            self.until = settled_us;
        }
        Choice {
            sought: core::mem::take(&mut self.blocks),
            is_over: true,
        }
    }

    /// Takes a live block, if it is to be looked for, which `may_be_lost` says of new ones; counts it if it is lost. Returns whether others may
    /// follow.
    pub(super) fn offer(
        &mut self,
        choice: &mut Choice,
        record: &Record,
        may_be_lost: impl FnOnce() -> bool,
    ) -> bool {
        let mut sought = choice.sought.iter();
        let known = sought.position(|block| block.seq == record.seq);
        match known.map(|index| choice.sought.swap_remove(index)) {
            Some(block) if block.scans < SCANS => self.push(block),
            Some(block) => self.bytes += block.size as u64,
            None if record.seq <= self.after => {}
            None if record.seq > self.until => return false,
            None if self.blocks.is_full() => {
                choice.is_over = false;
                return false;
            }
            None => {
                self.after = record.seq;
                if may_be_lost() {
                    self.push(Block::of(record));
                }
            }
        }
        true
    }

    /// Ends the choice, and the round if it has come to its last block.
    pub(super) fn chosen(&mut self, choice: &Choice) {
        if choice.is_over && self.blocks.is_empty() {
            self.bytes_before = core::mem::take(&mut self.bytes);
            (self.after, self.until) = (0, 0);
        }
    }

    fn push(&mut self, block: Block) {
        // There is room for those that were sought before, which come first, and then as long as it is not full.
        let _ = self.blocks.push(block);
    }

    /// Notes a word that points into the heap.
    pub(super) fn note(&mut self, reference: &Reference) {
        for block in &mut self.blocks {
            block.is_held |= block.contains(reference.to.0) && !block.contains(reference.at.0);
        }
    }

    /// Ends a scan: what it has not seen whole says nothing.
    pub(super) fn scanned(&mut self, is_whole: bool) {
        if is_whole {
            self.blocks.retain(|block| !block.is_held);
        }
        for block in &mut self.blocks {
            block.is_held = false;
            block.scans += u8::from(is_whole);
        }
    }
}

impl Block {
    fn of(record: &Record) -> Self {
        Self {
            seq: record.seq,
            hidden: !(record.address.0 as usize),
            size: record.size as usize,
            scans: 0,
            is_held: false,
        }
    }

    fn contains(&self, address: u64) -> bool {
        let start = !self.hidden as u64;
        address.wrapping_sub(start) < (self.size as u64).max(1)
    }
}
