//! Finds the holes of the heap, and which blocks pin them, while tracing goes on.
//!
//! Records are in the order of their age, and holes are told from blocks in the order of their addresses. There is no room to sort
//! them, so a pass over all records finds the next few by their addresses, and another one those behind. Of n live blocks, that is
//! n / 64 passes over n records, each in holds of the lock that are as short as any reader's; others get their turn between two
//! passes. Where blocks come and go meanwhile, each part of the heap is told as it was when its pass was made.

use core::ops::Range;

use heapbeacon_shared::analysis::layout::{Largest, NAMED, Placed, Rules};
use heapbeacon_shared::trace::{Region, State, Summary};
use heapless::Vec;

use crate::platform::Device;
use crate::read::cursors::{Records, is_latest, now_us};
use crate::read::references::completeness;
use crate::tracer::Trace;

/// Regions of the heap.
const REGIONS: usize = 4;
/// Holes of a region that are listed.
const HOLES: usize = 6;
/// Call stacks of a region that are listed.
const PINNING: usize = 6;
/// Call stacks that can be referred to: those of all blocks that are named, and of all that are listed.
const STACKS: usize = REGIONS * (HOLES * 2 * NAMED + PINNING);
/// Blocks that a pass finds.
const BATCH: usize = 64;

/// The holes of one region.
pub type Found = Largest<HOLES, PINNING>;

/// The holes of every region, one after the other.
pub struct Pins {
    trace: Trace,
    time_us: u64,
    events: u64,
    untraced_blocks: u64,
    is_complete: bool,
    /// Index of the next region.
    next: usize,
    walk: Option<Walk>,
    stacks: Vec<u32, STACKS>,
}

/// A region whose blocks are being found.
struct Walk {
    region: Region,
    /// Addresses of the blocks that were not found yet.
    left: Range<usize>,
    found: Found,
}

/// Why the blocks of a trace are not all that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Some are handed out without a record.
    Untraced(u64),
    /// Some may have been handed out or freed while nothing was recorded.
    Gaps,
    /// The trace was started anew meanwhile.
    Ended,
}

/// A block as it lies in the heap.
#[derive(Clone, Copy)]
struct Block {
    address: usize,
    size: usize,
    stack: u32,
}

impl Pins {
    /// Begins; `None` where there is no trace yet.
    pub fn begin<P: Device>() -> Option<Self> {
        let status = P::tracer().status();
        if status.summary.state == State::Uninitialised {
            return None;
        }
        let (untraced_blocks, is_complete) = completeness::<P>();
        Some(Self {
            trace: status.trace,
            time_us: now_us::<P>(),
            events: events(&status.summary),
            untraced_blocks,
            is_complete,
            next: 0,
            walk: None,
            stacks: Vec::new(),
        })
    }

    /// Returns the trace whose records are read.
    pub fn trace(&self) -> Trace {
        self.trace
    }

    /// Returns when it was begun, in microseconds since boot.
    pub fn time_us(&self) -> u64 {
        self.time_us
    }

    /// Returns how many blocks are handed out without a record, or the other way round.
    pub fn untraced_blocks(&self) -> u64 {
        self.untraced_blocks
    }

    /// Begins the next region; returns whether there is one.
    pub fn begin_region<P: Device>(&mut self) -> bool {
        let region = P::regions(None).get(self.next).cloned();
        self.next += 1;
        self.walk = region.map(|region| Walk::new(region, self.is_complete));
        self.walk.is_some()
    }

    /// Passes over the records once to find the next blocks of the region; returns whether there may be more.
    pub fn pass<P: Device>(&mut self) -> bool {
        let Some(walk) = &mut self.walk else {
            return false;
        };
        let is_more = walk.pass::<P>(self.trace);
        if !is_more {
            note(&mut self.stacks, &walk.found);
        }
        is_more
    }

    /// Returns the region and its holes, which are all once there are no more blocks.
    pub fn found(&self) -> Option<(&Region, &Found)> {
        self.walk.as_ref().map(|walk| (&walk.region, &walk.found))
    }

    /// Returns the ids of the call stacks that the regions so far refer to, each once.
    pub fn stacks(&self) -> &[u32] {
        &self.stacks
    }

    /// Returns why the trace does not know all blocks; `None` where it does.
    pub fn doubt<P: Device>(&self) -> Option<Doubt> {
        match self.is_complete {
            _ if !is_latest::<P>(self.trace) => Some(Doubt::Ended),
            true => None,
            false if self.untraced_blocks > 0 => Some(Doubt::Untraced(self.untraced_blocks)),
            false => Some(Doubt::Gaps),
        }
    }

    /// Returns how many allocations and frees there were since this was begun.
    pub fn changes<P: Device>(&self) -> u64 {
        events(&P::tracer().summary()).saturating_sub(self.events)
    }
}

impl Walk {
    fn new(region: Region, is_complete: bool) -> Self {
        let start = region.start.0;
        let end = start.saturating_add(region.size);
        let rules = Rules::new(
            size_of::<usize>() as u8,
            region.largest_free_block,
            is_complete,
        );
        let bounded = |address: u64| usize::try_from(address).unwrap_or(usize::MAX);
        Self {
            left: bounded(start)..bounded(end),
            found: Found::new(start, region.size, rules),
            region,
        }
    }

    /// Passes over the records once; returns whether there may be more blocks.
    fn pass<P: Device>(&mut self, trace: Trace) -> bool {
        let lowest = lowest::<P>(trace, &self.left);
        for block in &lowest {
            self.found.take(Placed {
                address: block.address as u64,
                size: block.size as u64,
                owner: block.stack,
            });
        }
        match lowest.last() {
            Some(last) if lowest.is_full() => {
                self.left.start = last.address.saturating_add(1);
                true
            }
            _ => {
                self.found.finish();
                false
            }
        }
    }
}

/// Notes the call stacks that a region refers to.
fn note(stacks: &mut Vec<u32, STACKS>, found: &Found) {
    let holes = found.holes.iter();
    let pins = holes.flat_map(|hole| [&hole.below, &hole.above].into_iter().flatten());
    let blocks = pins.flat_map(|pin| &pin.named).map(|block| block.owner);
    for id in blocks.chain(found.owners.iter().map(|owner| owner.owner)) {
        if !stacks.contains(&id) {
            // There is room for all that a region can name.
            let _ = stacks.push(id);
        }
    }
}

/// Returns the live blocks with the lowest addresses in a range, in their order.
fn lowest<P: Device>(trace: Trace, range: &Range<usize>) -> Vec<Block, BATCH> {
    let mut lowest: Vec<Block, BATCH> = Vec::new();
    let mut records = Records::after(trace, 0);
    while let Some(record) = records.peek::<P>() {
        let block = Block {
            address: record.address.0 as usize,
            size: record.size as usize,
            stack: record.stack,
        };
        if record.freed.is_none() && range.contains(&block.address) {
            keep_lowest(&mut lowest, block);
        }
        records.advance();
    }
    lowest
}

/// Inserts a block by its address, and drops the highest where there is no room.
fn keep_lowest(lowest: &mut Vec<Block, BATCH>, block: Block) {
    let place = lowest.partition_point(|other| other.address < block.address);
    if place == BATCH {
        return;
    }
    if lowest.is_full() {
        lowest.pop();
    }
    // There is room, and `place` is at most the length.
    let _ = lowest.insert(place, block);
}

/// Returns how many allocations and frees were seen.
fn events(summary: &Summary) -> u64 {
    summary.total_allocations + summary.matched_frees + summary.unmatched_frees
}
