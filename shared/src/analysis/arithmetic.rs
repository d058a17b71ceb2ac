//! Rules of one line.

use crate::trace::{Region, Summary};

/// Blocks and bytes that may come and go between the two counts of one answer.
const IN_BETWEEN: (u64, u64) = (4, 512);

/// Blocks, and the bytes that were asked for with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// How many there are.
    pub blocks: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Returns the seconds until `free_bytes` are used up at `bytes_per_minute`; `None` if that never
/// happens.
pub fn seconds_until_full(free_bytes: u64, bytes_per_minute: f64) -> Option<u64> {
    (bytes_per_minute > 0.0).then(|| (free_bytes as f64 * 60.0 / bytes_per_minute) as u64)
}

/// Returns the share of the free bytes that the largest block can't serve, in percent: 0 is one
/// piece, and nothing free is not fragmented either.
pub fn fragmentation_percent(free_bytes: u64, largest_free_block: u64) -> u8 {
    let scattered = free_bytes.saturating_sub(largest_free_block);
    let percent = match scattered.checked_mul(100) {
        Some(hundredfold) => hundredfold.checked_div(free_bytes),
        // No device has that much. Dividing 128 bits instead would take it 1.4 KB of flash.
        None => Some(scattered / (free_bytes / 100)),
    };
    percent.map_or(0, |percent| percent as u8)
}

/// Returns the blocks that are held for certain, apart from a constant: only its changes mean something.
///
/// A block may be freed after its record was evicted, and then counts as an unmatched free. So what evicted
/// records leave behind is at least what unmatched frees don't explain. Those of blocks from before the start
/// are taken off too, so it is never too much.
pub fn held_for_certain(summary: &Summary) -> i64 {
    let [live, evicted, freed] = [
        summary.live_count,
        summary.evicted_live,
        summary.unmatched_frees,
    ]
    .map(u64::cast_signed);
    live.saturating_add(evicted).saturating_sub(freed)
}

/// Returns how much of a heap no trace knows of, where its allocator has counted what the regions hold and `traced` is what
/// the trace knows as live; `None` where that is all.
///
/// A block whose record was evicted may be freed or not, so as many may be among what the allocator has handed out.
pub fn untraced(regions: &[Region], traced: Amount, summary: &Summary) -> Option<Amount> {
    let sum = |part: fn(&Region) -> u64| regions.iter().map(part).fold(0, u64::saturating_add);
    let known_blocks = traced.blocks.saturating_add(summary.evicted_live);
    let known_bytes = traced.bytes.saturating_add(summary.evicted_live_bytes);
    let blocks = sum(|region| region.blocks).checked_sub(known_blocks)?;
    let bytes = sum(|region| region.requested).checked_sub(known_bytes)?;
    let is_in_between = blocks <= IN_BETWEEN.0 && bytes <= IN_BETWEEN.1;
    (blocks > 0 && !is_in_between).then_some(Amount { blocks, bytes })
}

/// Returns whether allocations − matched frees − missed frees − evicted live = live, for blocks and for bytes.
pub fn accounting_holds(summary: &Summary) -> bool {
    let sum = |parts: [u64; 4]| parts.iter().map(|&part| u128::from(part)).sum::<u128>();
    let blocks = [
        summary.live_count,
        summary.matched_frees,
        summary.missed_frees,
        summary.evicted_live,
    ];
    let bytes = [
        summary.live_bytes,
        summary.matched_freed_bytes,
        summary.missed_freed_bytes,
        summary.evicted_live_bytes,
    ];
    sum(blocks) == u128::from(summary.total_allocations)
        && sum(bytes) == u128::from(summary.total_allocated_bytes)
}
