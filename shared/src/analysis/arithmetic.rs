//! Rules of one line.

use crate::trace::Summary;

/// Returns the seconds until `free_bytes` are used up at `bytes_per_minute`; `None` if that never
/// happens.
pub fn seconds_until_full(free_bytes: u64, bytes_per_minute: f64) -> Option<u64> {
    (bytes_per_minute > 0.0).then(|| (free_bytes as f64 * 60.0 / bytes_per_minute) as u64)
}

/// Returns the share of the free bytes that the largest block can't serve, in percent: 0 is one
/// piece, and nothing free is not fragmented either.
pub fn fragmentation_percent(free_bytes: u64, largest_free_block: u64) -> u8 {
    let scattered = u128::from(free_bytes.saturating_sub(largest_free_block));
    let percent = (scattered * 100).checked_div(u128::from(free_bytes));
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
