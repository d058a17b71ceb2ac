//! When the blocks were allocated that a capture shows as live.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::content::Capture;
use crate::analysis::{Held, Snapshot, places};
use crate::api::{Leak, Record};

/// Moments from the start of the trace to the capture.
const MOMENTS: u64 = 48;

/// Returns what each listed call stack would hold if only blocks up to a moment counted, for moments
/// from the start of the trace to the capture.
///
/// It is no history: what was freed in the meantime is in none of them. But a leak rises all along,
/// and what was allocated once is a step.
pub fn survivors(capture: &Capture) -> Vec<Snapshot> {
    let (start, end) = (
        capture.trace.summary.started_us,
        capture.trace.summary.time_us,
    );
    let places = places(&mut capture.leaks.leaks.iter().map(|leak| leak.stack.id));
    let mut held: Vec<Held> = capture.leaks.leaks.iter().map(nothing).collect();
    let mut live = capture
        .records
        .iter()
        .filter(|record| !record.freed)
        .peekable();
    let moment = |index: u64| start + end.saturating_sub(start) / MOMENTS * index;
    let moments = (0..MOMENTS).map(moment).chain([end.max(start)]);
    moments
        .map(|time_us| {
            while let Some(record) = live.next_if(|record| record.time_us <= time_us) {
                add(&mut held, &places, record);
            }
            Snapshot {
                time_us,
                held: held.clone(),
                is_complete: true,
                ..Snapshot::default()
            }
        })
        .collect()
}

fn nothing(leak: &Leak) -> Held {
    Held {
        stack: leak.stack.id,
        ..Held::default()
    }
}

fn add(held: &mut [Held], places: &BTreeMap<u32, usize>, record: &Record) {
    if let Some(held) = places
        .get(&record.stack)
        .and_then(|place| held.get_mut(*place))
    {
        held.bytes = held.bytes.saturating_add(record.size);
        held.count += 1;
    }
}
