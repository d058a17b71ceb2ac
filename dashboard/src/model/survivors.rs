//! When the blocks were allocated that a capture shows as live.

use std::collections::HashMap;

use heapbeacon_shared::api::Record;
use heapbeacon_shared::capture::Capture;

use super::history::{Held, Snapshot};

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
    let places: HashMap<u32, usize> = capture
        .leaks
        .leaks
        .iter()
        .enumerate()
        .map(|(place, leak)| (leak.stack.id, place))
        .collect();
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

fn nothing(leak: &heapbeacon_shared::api::Leak) -> Held {
    Held {
        stack: leak.stack.id,
        oldest_us: leak.oldest_us,
        newest_us: leak.newest_us,
        ..Held::default()
    }
}

fn add(held: &mut [Held], places: &HashMap<u32, usize>, record: &Record) {
    if let Some(held) = places
        .get(&record.stack)
        .and_then(|place| held.get_mut(*place))
    {
        held.bytes = held.bytes.saturating_add(record.size);
        held.count += 1;
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::capture::CaptureReader;

    use super::*;
    use crate::capture_messages::{SECOND, messages, stream};

    #[test]
    fn what_a_stack_holds_is_told_by_the_time_of_its_allocations() {
        let mut reader = CaptureReader::new();
        reader.push(&stream(&messages())).expect("readable");
        let capture = reader.finish().expect("readable");
        let moments = survivors(&capture);
        let held = |moment: &Snapshot| {
            let held = moment.held.iter().find(|held| held.stack == 1);
            held.map(|held| (held.bytes, held.count))
        };
        assert_eq!(
            moments.first().map(|moment| moment.time_us),
            Some(10 * SECOND)
        );
        assert_eq!(moments.first().and_then(held), Some((0, 0)));
        assert_eq!(
            moments.last().map(|moment| moment.time_us),
            Some(60 * SECOND)
        );
        assert_eq!(moments.last().and_then(held), Some((300, 3)));
        let bytes = moments.iter().filter_map(held).map(|(bytes, _)| bytes);
        assert!(bytes.is_sorted());
    }
}
