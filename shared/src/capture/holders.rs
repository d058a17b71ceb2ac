//! Joins what points into the heap with the records behind it.

use alloc::vec::Vec;

use crate::analysis::{Holders, LiveBlock, places};
use crate::api::{Record, ReferencesPage, Stack};
use crate::trace::Origin;

/// Returns who holds the blocks that records say are live: `records` were read behind the scan, of the same trace.
///
/// Blocks outside of the heap that was scanned, which are the agent's, are left out.
///
/// Returns `None` where the trace was started anew during the scan.
pub fn holders(records: &[Record], stacks: &[Stack], page: &ReferencesPage) -> Option<Holders> {
    let scan = page.scan?;
    // A driver's hardware may know a block that no word in memory points to.
    let opaque = stacks.iter().filter(|stack| stack.origin == Origin::Driver);
    let opaque = places(&mut opaque.map(|stack| stack.id));
    let is_scanned = |record: &&Record| page.heap.iter().any(|span| span.contains(record.address));
    let live = records.iter().filter(|record| !record.freed);
    let live = live.filter(is_scanned);
    let blocks: Vec<_> = live
        .map(|record| LiveBlock {
            address: record.address,
            size: record.size,
            seq: record.seq,
            is_opaque: opaque.contains_key(&record.stack),
        })
        .collect();
    Some(Holders::new(
        blocks,
        &page.heap,
        &page.roots,
        &page.references,
        &scan,
    ))
}
