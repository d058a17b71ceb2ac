//! Finds the holes of the heap, and which blocks pin them, while tracing goes on.
//!
//! Records are in the order of their age, and holes are told from blocks in the order of their addresses. There is no room to sort
//! them, so a pass over all records finds the next few by their addresses, and another one those behind. Of n live blocks, that is
//! n / 64 passes over n records for each region, and a few to count them, each in holds of the lock that are as short as any
//! reader's; others get their turn between two passes. Where blocks come and go meanwhile, each part of the heap is told as it was when its pass was made.

use core::ops::Range;

use heapbeacon_shared::analysis::layout::{Largest, NAMED, Placed, Rules};
use heapbeacon_shared::trace::{Region, State, Summary};
use heapless::Vec;

use crate::platform::Device;
use crate::read::cursors::{Records, is_latest, now_us};
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
/// Times that blocks are counted because some came or went meanwhile.
const TRIES: usize = 4;

/// The holes of one region.
pub type Found = Largest<HOLES, PINNING>;

/// The holes of every region, one after the other.
pub struct Pins {
    trace: Trace,
    time_us: u64,
    events: u64,
    /// Whether everything was recorded since the trace began.
    is_gapless: bool,
    /// Blocks without a record in the regions so far.
    untraced_blocks: u64,
    /// Index of the next region.
    next: usize,
    walk: Option<Walk>,
    stacks: Vec<u32, STACKS>,
}

/// A region whose blocks are being found.
struct Walk {
    region: Region,
    untraced_blocks: u64,
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
        let summary = &status.summary;
        Some(Self {
            trace: status.trace,
            time_us: now_us::<P>(),
            events: events(summary),
            is_gapless: summary.state == State::Recording && summary.gaps == 0,
            untraced_blocks: 0,
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

    /// Returns how many blocks of the regions so far are handed out without a record, or the other way round.
    pub fn untraced_blocks(&self) -> u64 {
        self.untraced_blocks
    }

    /// Begins the next region; returns whether there is one.
    pub fn begin_region<P: Device>(&mut self) -> bool {
        self.walk = Walk::begin::<P>(self.trace, self.next, self.is_gapless);
        self.next += 1;
        if let Some(walk) = &self.walk {
            self.untraced_blocks += walk.untraced_blocks;
        }
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

    /// Returns the region, how many of its blocks have no record, and its holes, which are all once there are no more blocks.
    pub fn found(&self) -> Option<(&Region, u64, &Found)> {
        let walk = self.walk.as_ref()?;
        Some((&walk.region, walk.untraced_blocks, &walk.found))
    }

    /// Returns the ids of the call stacks that the regions so far refer to, each once.
    pub fn stacks(&self) -> &[u32] {
        &self.stacks
    }

    /// Returns why the trace does not know all blocks; `None` where it does.
    pub fn doubt<P: Device>(&self) -> Option<Doubt> {
        match self.untraced_blocks {
            _ if !is_latest::<P>(self.trace) => Some(Doubt::Ended),
            0 => (!self.is_gapless).then_some(Doubt::Gaps),
            blocks => Some(Doubt::Untraced(blocks)),
        }
    }

    /// Returns how many allocations and frees there were since this was begun.
    pub fn changes<P: Device>(&self) -> u64 {
        events(&P::tracer().summary()).saturating_sub(self.events)
    }
}

impl Walk {
    /// Begins the region of an index, if there is one.
    fn begin<P: Device>(trace: Trace, index: usize, is_gapless: bool) -> Option<Self> {
        let Counted {
            region,
            untraced_blocks,
            ..
        } = Counted::quietly::<P>(trace, index)?;
        let rules = Rules::new(
            size_of::<usize>() as u8,
            region.largest_free_block,
            is_gapless && untraced_blocks == 0,
        );
        Some(Self {
            left: addresses(&region),
            found: Found::new(region.start.0, region.size, rules),
            untraced_blocks,
            region,
        })
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

/// A region, and what was counted in it.
struct Counted {
    region: Region,
    /// The difference between the blocks that it has handed out and those that have a record.
    untraced_blocks: u64,
    /// Allocations and frees meanwhile.
    changes: u64,
}

impl Counted {
    /// Counts until nothing comes or goes meanwhile. Where something always does, as many blocks as did may be told of twice or not
    /// at all: only those beyond that certainly have no record.
    fn quietly<P: Device>(trace: Trace, index: usize) -> Option<Self> {
        let mut counted = Self::of::<P>(trace, index)?;
        let mut certain = 0;
        for _ in 1..TRIES {
            if counted.changes == 0 {
                return Some(counted);
            }
            certain = certain.max(counted.untraced_blocks.saturating_sub(counted.changes));
            counted = Self::of::<P>(trace, index)?;
        }
        if counted.changes > 0 {
            let untraced = counted.untraced_blocks.saturating_sub(counted.changes);
            counted.untraced_blocks = certain.max(untraced);
        }
        Some(counted)
    }

    fn of<P: Device>(trace: Trace, index: usize) -> Option<Self> {
        let before = events(&P::tracer().summary());
        let region = P::regions(None).get(index)?.clone();
        let range = addresses(&region);
        let mut blocks = 0;
        for_each_live::<P>(trace, &range, |_| blocks += 1);
        Some(Self {
            untraced_blocks: region.blocks.abs_diff(blocks),
            changes: events(&P::tracer().summary()).abs_diff(before),
            region,
        })
    }
}

/// Returns the addresses of a region.
fn addresses(region: &Region) -> Range<usize> {
    let bounded = |address: u64| usize::try_from(address).unwrap_or(usize::MAX);
    let start = region.start.0;
    bounded(start)..bounded(start.saturating_add(region.size))
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
    for_each_live::<P>(trace, range, |block| keep_lowest(&mut lowest, block));
    lowest
}

/// Passes over the records once, and hands out the live blocks in a range.
fn for_each_live<P: Device>(trace: Trace, range: &Range<usize>, mut take: impl FnMut(Block)) {
    let mut records = Records::after(trace, 0);
    while let Some(record) = records.peek::<P>() {
        let address = record.address.0 as usize;
        if record.freed.is_none() && range.contains(&address) {
            take(Block {
                address,
                size: record.size as usize,
                stack: record.stack,
            });
        }
        records.advance();
    }
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
