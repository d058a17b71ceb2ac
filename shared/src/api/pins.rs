//! What the body of `GET /heap/pins` is made of: the holes of the heap, and what pins them.

use serde::{Deserialize, Serialize};

use crate::analysis::layout::{self, NAMED, Placed, Stretch, Sums};
use crate::trace::{Address, Name, Region};

/// What a region is made of: blocks, holes, what the allocator takes, and what no record is of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionSums {
    /// What the board calls it.
    pub name: Name,
    /// First address.
    pub start: Address,
    /// Bytes in all.
    pub size: u64,
    /// Bytes handed out.
    pub used: u64,
    /// Bytes left.
    pub free: u64,
    /// The largest request that would succeed, in bytes.
    pub largest_free_block: u64,
    /// Share of the free bytes that the largest block can't serve, in percent.
    pub fragmentation: u8,
    /// Live blocks with a record.
    pub blocks: u64,
    /// Blocks that are handed out and have no record.
    pub untraced_blocks: u64,
    /// Bytes of those.
    pub block_bytes: u64,
    /// Holes between them.
    pub holes: u64,
    /// Bytes of those.
    pub hole_bytes: u64,
    /// Bytes of gaps that are too short for a hole: what the allocator takes for itself.
    pub overhead_bytes: u64,
    /// Bytes of gaps that are longer than what the allocator has in one piece: there is something in them that no record is of.
    pub unknown_bytes: u64,
}

/// Free memory between two blocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// Its first byte.
    pub address: Address,
    /// Its bytes.
    pub bytes: u64,
    /// The blocks between it and the hole before it, or the start of the region; null where there are none, and beside what no
    /// record is of.
    pub below: Option<Pin>,
    /// The blocks between it and the hole behind it, or the end of the region; null as above.
    pub above: Option<Pin>,
}

/// Blocks that pin a hole: without all of them it would be larger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// How many there are.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The first of them.
    pub blocks: heapless::Vec<Block, NAMED>,
    /// Bytes of the hole that there would be without them.
    pub becomes_bytes: u64,
}

/// A live block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Its first byte.
    pub address: Address,
    /// Bytes asked for.
    pub size: u64,
    /// Id of the [`Stack`](super::Stack) that allocated it.
    pub stack: u32,
}

/// What a call stack pins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinning {
    /// Id of the [`Stack`](super::Stack).
    pub stack: u32,
    /// Where the hole would be that there would be without its blocks.
    pub address: Address,
    /// Bytes of that.
    pub becomes_bytes: u64,
    /// How many holes there are instead.
    pub holes: u64,
    /// How many of its blocks are between them.
    pub blocks: u64,
    /// Bytes of those.
    pub bytes: u64,
}

impl RegionSums {
    /// Returns what a region is made of, and how many blocks of it have no record.
    pub fn new(region: &Region, untraced_blocks: u64, sums: &Sums) -> Self {
        Self {
            name: region.name.clone(),
            start: region.start,
            size: region.size,
            used: region.used,
            free: region.free,
            largest_free_block: region.largest_free_block,
            fragmentation: region.fragmentation,
            blocks: sums.count,
            untraced_blocks,
            block_bytes: sums.blocks,
            holes: sums.hole_count,
            hole_bytes: sums.holes,
            overhead_bytes: sums.overhead,
            unknown_bytes: sums.unknown,
        }
    }
}

impl From<&layout::Hole> for Hole {
    fn from(hole: &layout::Hole) -> Self {
        Self {
            address: Address(hole.address),
            bytes: hole.bytes,
            below: hole.below.as_ref().map(Pin::from),
            above: hole.above.as_ref().map(Pin::from),
        }
    }
}

impl From<&layout::Pin> for Pin {
    fn from(pin: &layout::Pin) -> Self {
        let block = |placed: &Placed| Block {
            address: Address(placed.address),
            size: placed.size,
            stack: placed.owner,
        };
        Self {
            count: pin.count,
            bytes: pin.bytes,
            blocks: pin.named.iter().map(block).collect(),
            becomes_bytes: pin.becomes,
        }
    }
}

impl From<&Stretch> for Pinning {
    fn from(stretch: &Stretch) -> Self {
        Self {
            stack: stretch.owner,
            address: Address(stretch.address),
            becomes_bytes: stretch.bytes,
            holes: stretch.holes,
            blocks: stretch.blocks,
            bytes: stretch.block_bytes,
        }
    }
}
