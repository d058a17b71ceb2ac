//! What is lost by two captures of the same trace.

use alloc::vec::Vec;
use core::fmt;

use crate::api::{Leak, ReferencesPage, Stack};
use crate::trace::{Kind, Scan, Verdict};

use super::content::Capture;
use super::holders::holders;

/// Microseconds from one scan to the next that confirms it.
const APART_US: u64 = 10_000_000;

/// What two captures of a trace tell of lost blocks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lost {
    /// The call stacks of blocks that nothing leads to, by neither capture, with how many each has, those with most bytes first.
    pub leaks: Vec<Leak>,
    /// How many blocks they do not tell of, because what points there has moved while a device looked for it.
    pub moved: usize,
}

/// Why two captures do not tell what is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLost {
    /// One of them has no references: it was not asked for them.
    NotScanned,
    /// They are of two traces.
    OtherTrace,
    /// One of the scans did not see all references, or its trace ended meanwhile.
    NotWhole,
    /// The second scan did not come long enough behind the first.
    TooSoon,
    /// None is known to be, but records are missing, or the trace was stopped and may not know of frees.
    Doubtful,
}

impl fmt::Display for NoLost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotScanned => {
                "one of the captures does not say what points into the heap: fetch both with ?references=1"
            }
            Self::OtherTrace => {
                "the captures are of two traces: fetch the second one before the trace is started anew or the device restarts"
            }
            Self::NotWhole => "one of the scans has not seen all references: fetch both captures again",
            Self::TooSoon => {
                "the second capture has to be fetched ten seconds after the first, or later: what is on its way meanwhile looks lost"
            }
            Self::Doubtful => {
                "no block is known to be, but the trace was stopped and has not seen all frees, or records gave way to newer ones: start it anew, with more records"
            }
        })
    }
}

impl core::error::Error for NoLost {}

/// Returns what nothing leads to by two captures of a trace, the earlier one first. Of what the records do not tell of, nothing is said.
///
/// # Errors
/// [`NoLost`] says why they do not tell.
pub fn lost(before: &Capture, after: &Capture) -> Result<Lost, NoLost> {
    let trace = |capture: &Capture| (capture.device.boot_id, capture.trace.trace_id);
    let (Some(first), Some(second)) = (&before.references, &after.references) else {
        return Err(NoLost::NotScanned);
    };
    if trace(before) != trace(after) {
        return Err(NoLost::OtherTrace);
    }
    let (Some(earlier), Some(later)) = (whole(first), whole(second)) else {
        return Err(NoLost::NotWhole);
    };
    if later.started_us < earlier.started_us.saturating_add(APART_US) {
        return Err(NoLost::TooSoon);
    }
    let joined = |capture: &Capture, page| {
        holders(&capture.records, &capture.stacks, page).ok_or(NoLost::NotWhole)
    };
    let (first, second) = (joined(before, first)?, joined(after, second)?);
    let mut leaks: Vec<Leak> = Vec::new();
    for block in second.lost_since(&first) {
        let block = second.blocks()[block];
        // Records are in the order of their numbers.
        let record = after
            .records
            .binary_search_by_key(&block.seq, |record| record.seq);
        let stack = record.map_or(0, |index| after.records[index].stack);
        let known = leaks.iter_mut().find(|leak| leak.stack.id == stack);
        match known {
            Some(leak) => {
                leak.count += 1;
                leak.bytes += block.size;
                leak.oldest_us = leak.oldest_us.min(block.seq);
                leak.newest_us = leak.newest_us.max(block.seq);
            }
            None => leaks.push(Leak {
                stack: stack_of(after, stack),
                count: 1,
                bytes: block.size,
                oldest_us: block.seq,
                newest_us: block.seq,
                verdict: Verdict {
                    kind: Kind::Lost,
                    certain: true,
                    ..Verdict::default()
                },
                ..Leak::default()
            }),
        }
    }
    leaks.sort_by_key(|leak| core::cmp::Reverse(leak.bytes));
    let is_doubtful = |scan: &Scan| scan.doubtful_until_us > 0 || scan.evicted_live > 0;
    match leaks.is_empty() && (is_doubtful(&earlier) || is_doubtful(&later)) {
        true => Err(NoLost::Doubtful),
        false => Ok(Lost {
            leaks,
            moved: second.moved_since(&first),
        }),
    }
}

/// Returns a scan that has seen all references.
fn whole(page: &ReferencesPage) -> Option<Scan> {
    page.scan.filter(|scan| scan.is_whole)
}

fn stack_of(capture: &Capture, id: u32) -> Stack {
    let mut stacks = capture.stacks.iter();
    let found = stacks.find(|stack| stack.id == id).cloned();
    found.unwrap_or_else(|| Stack {
        id,
        ..Stack::default()
    })
}
