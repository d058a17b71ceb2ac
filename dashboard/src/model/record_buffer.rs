//! How many records fit into the record buffer of a device.

use heapbeacon_shared::api::Trace;
use heapbeacon_shared::trace::{Destination, Mode};

/// Returns how many records a trace in leaks mode could have that lost some for want of room: as many as leave twice the
/// room that its call stacks take.
pub fn more_records(trace: &Trace) -> Option<u32> {
    let buffer = &trace.buffer;
    let is_lacking = trace.summary.evicted_live > 0 && trace.summary.mode == Some(Mode::Leaks);
    let is_kept = trace.summary.destination == Some(Destination::Standalone);
    // Each table has one entry more than it tells of.
    let record = buffer.record_bytes / (u64::from(trace.summary.capacity) + 1);
    let stack = buffer.stack_bytes / (u64::from(trace.summary.stack_capacity) + 1);
    let stacks = 2 * stack * (u64::from(trace.summary.stack_count) + 1);
    let room = buffer.bytes.saturating_sub(stacks);
    let records = room.checked_div(record)?.saturating_sub(2);
    let records = u32::try_from(records).map_or(buffer.max_records, |records| {
        records.min(buffer.max_records)
    });
    (is_lacking && is_kept && records > trace.summary.capacity).then_some(records)
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::api::Buffer;
    use heapbeacon_shared::trace::Summary;

    use super::*;

    #[test]
    fn more_records_leave_the_call_stacks_twice_the_room_that_they_take() {
        let trace = |mode, destination, stack_count| Trace {
            summary: Summary {
                mode: Some(mode),
                destination: Some(destination),
                evicted_live: 1,
                capacity: 99,
                stack_capacity: 49,
                stack_count,
                ..Summary::default()
            },
            buffer: Buffer {
                bytes: 10_000,
                record_bytes: 2_000,
                stack_bytes: 8_000,
                max_records: 400,
            },
            ..Trace::default()
        };
        let more =
            |stack_count| more_records(&trace(Mode::Leaks, Destination::Standalone, stack_count));
        // A record takes 20 bytes, and a call stack 160.
        assert_eq!(more(19), Some((10_000 - 2 * 20 * 160) / 20 - 2));
        assert_eq!(more(1), Some(400));
        assert_eq!(more(40), None);
        // All mode runs out of room however large it is, and what a host gets is not held here.
        assert_eq!(
            more_records(&trace(Mode::All, Destination::Standalone, 1)),
            None
        );
        assert_eq!(
            more_records(&trace(Mode::Leaks, Destination::ToHost, 1)),
            None
        );
    }
}
