//! Looks for blocks that nothing refers to any more, without a heap: a few with each scan.
//!
//! There is no room here for the graph that [`Holders`](heapbeacon_shared::analysis::Holders) has. So a scan looks for words that point into a
//! few blocks from outside of them, and a block for which two scans find none, one some time behind the other, is lost. Of blocks that only a lost one refers to,
//! and of those that refer to each other in a ring, it knows nothing: it may miss some, and never calls a block lost that is held.

use heapbeacon_shared::trace::{Origin, Record, Reference};
use heapless::Vec;

use crate::platform::Device;
use crate::read::bodies;
use crate::read::cursors::{Records, now_us};
use crate::read::references::{Found, References};
use crate::tracer::Trace;

/// Blocks that one scan looks for.
const AT_A_TIME: usize = 24;
/// Samples from one scan to the next.
const PERIOD: u8 = 5;
/// Microseconds that a block has lived before it is looked for: what is younger may be on its way to whoever is to hold it.
const SETTLED_US: u64 = 10 * 1_000_000;
/// Scans that find nothing before a block is called lost.
const SCANS: u8 = 2;

/// A search through the blocks of a trace, over and over.
#[derive(Clone, Debug)]
pub(super) struct Search {
    trace: Trace,
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

impl Search {
    pub(super) const NEW: Self = Self {
        trace: Trace::NONE,
        wait: 0,
        after: 0,
        until: 0,
        blocks: Vec::new(),
        bytes: 0,
        bytes_before: 0,
    };

    /// Returns how many bytes the lost blocks have that were found.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.max(self.bytes_before)
    }

    /// Goes on, if it is time for that: for as long as `GET /trace/references` takes in all.
    pub(super) fn step<P: Device>(&mut self) {
        let trace = P::tracer().trace();
        if trace != self.trace {
            *self = Self { trace, ..Self::NEW };
        }
        if let Some(wait) = self.wait.checked_sub(1) {
            self.wait = wait;
            return;
        }
        self.wait = PERIOD - 1;
        self.choose::<P>();
        if !self.blocks.is_empty() && self.scan::<P>().is_none() {
            // What was not seen whole says nothing.
            self.blocks
                .iter_mut()
                .for_each(|block| block.is_held = false);
            return;
        }
        self.blocks.retain(|block| !block.is_held);
        for block in &mut self.blocks {
            block.scans += 1;
        }
    }

    /// Counts what is lost, and chooses the blocks to be looked for in its place.
    ///
    /// It has a frame of its own, which is gone when the scan reads the stack: addresses are left in it.
    #[inline(never)]
    fn choose<P: Device>(&mut self) {
        let mut sought = core::mem::take(&mut self.blocks);
        if self.until == 0 {
            self.until = now_us::<P>().saturating_sub(SETTLED_US);
        }
        let doubtful_us = P::tracer().summary().doubtful_until_us;
        let mut records = Records::after(self.trace, 0);
        let mut is_over = true;
        while let Some(record) = records.peek::<P>().copied() {
            records.advance();
            let known = sought.iter().position(|block| block.seq == record.seq);
            let known = known.map(|index| sought.swap_remove(index));
            if record.freed.is_some() {
                continue;
            }
            match known {
                Some(block) if block.scans < SCANS => self.push(block),
                Some(block) => self.bytes += block.size as u64,
                None if record.seq <= self.after.max(doubtful_us) => {}
                None if record.seq > self.until => break,
                None if self.blocks.is_full() => {
                    is_over = false;
                    break;
                }
                None => {
                    self.after = record.seq;
                    if is_applications::<P>(self.trace, &record) {
                        self.push(Block::of(&record));
                    }
                }
            }
        }
        if is_over && self.blocks.is_empty() {
            self.bytes_before = core::mem::take(&mut self.bytes);
            (self.after, self.until) = (0, 0);
        }
    }

    fn push(&mut self, block: Block) {
        // There is room for those that were sought before, which come first, and then as long as it is not full.
        let _ = self.blocks.push(block);
    }

    /// Reads all memory once, and notes which blocks are referred to; `None` where not all was read.
    fn scan<P: Device>(&mut self) -> Option<()> {
        let mut references = References::begin::<P>().ok()?;
        loop {
            match references.read_next::<P>() {
                Found::Reference(reference) => self.note(&reference),
                Found::Pause => {}
                Found::End => break,
            }
        }
        references.finish::<P>()?.is_whole.then_some(())
    }

    fn note(&mut self, reference: &Reference) {
        for block in &mut self.blocks {
            block.is_held |= block.contains(reference.to.0) && !block.contains(reference.at.0);
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

/// Checks whether only words in memory that is read can lead to a block: a driver's hardware may know some otherwise, and the agent's
/// memory is not read.
fn is_applications<P: Device>(trace: Trace, record: &Record) -> bool {
    let stack = P::tracer().stack(trace, record.stack);
    stack.is_ok_and(|stack| {
        stack.is_some_and(|stack| bodies::stack::<P>(&stack).origin == Origin::Application)
    })
}
