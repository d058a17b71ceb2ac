use serde::{Deserialize, Serialize};

use super::{Address, Name, Origin};

/// One heap area.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// What the board calls it.
    pub name: Name,
    /// First address.
    pub start: Address,
    /// Bytes in all.
    pub size: u64,
    /// Bytes handed out, the allocator's own overhead included where it counts it.
    pub used: u64,
    /// Bytes left.
    pub free: u64,
    /// Fewest bytes left since boot.
    pub minimum_free: u64,
    /// Fewest bytes left since `window_start_us`.
    pub window_minimum_free: u64,
    /// Microseconds since boot: the moment that the reader named with `since`, or the last one before it that the device
    /// can tell apart; 0 is the boot.
    pub window_start_us: u64,
    /// The largest request that would succeed now, in bytes.
    pub largest_free_block: u64,
    /// Share of the free bytes that the largest block can't serve, in percent: 0 is one piece.
    pub fragmentation: u8,
    /// Blocks that are handed out, whether they are traced or not.
    pub blocks: u64,
    /// Bytes that were asked for with those.
    pub requested: u64,
    /// Whose allocations it serves.
    pub origin: Origin,
}

/// How full a region was in a span of time: at worst, and at best where that says more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Most bytes that were handed out.
    pub used: u64,
    /// Fewest bytes that were handed out at a sample: the low-water line.
    pub least_used: u64,
    /// Fewest bytes left.
    pub free: u64,
    /// The smallest that the largest free block was at a sample.
    pub largest_free_block: u64,
}

/// A span of time in the history of the heap. Bytes are told to a 65,535th of their region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// When it begins, in microseconds since boot: where the one before ends.
    pub from_us: u64,
    /// When it ends.
    pub until_us: u64,
    /// How full each region was.
    pub regions: heapless::Vec<Level, 4>,
}

/// A part of the heap that is held back, and given back when an allocation fails: for a network driver that takes its
/// buffers from the same heap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserve {
    /// Bytes.
    pub size: u64,
    /// Whether it is held; if not, it was given back, and is taken again when there is room.
    pub held: bool,
    /// How often it was given back since boot.
    pub given: u32,
    /// When it was given back last, in microseconds since boot; null if it never was.
    pub given_us: Option<u64>,
}

/// What a reader wants to know the fewest free bytes of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// From when on, in microseconds since boot: the time of an earlier answer.
    pub since_us: u64,
    /// The time of this answer.
    pub now_us: u64,
}
