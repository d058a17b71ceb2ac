//! The state of heap and trace in about 2 KiB of messages, for a post-mortem.

use heapbeacon_shared::trace::Kind;
use heapbeacon_shared::wire::Message;
use heapless::Vec;

use crate::platform::Device;
use crate::read::cursors::now_us;
use crate::read::leaks::{Asked, Kinds, Leaks};
use crate::read::writer::{MessageWriter, Out};
use crate::tracer::{Order, Trace};

/// Call stacks that are told of.
const STACKS: usize = 8;
/// Latest failed allocations, and marks, that are told of.
const FAILURES: usize = 4;
const MARKS: u32 = 4;

/// Writes who the device is, how full its heap is, what was counted, and who holds the most: what grows first.
/// What has no room is left out, the least telling first. Returns whether it was read: not while a client reads the same list.
pub(crate) fn write_state<P: Device>(out: &mut impl Out) -> bool {
    let moment = now_us::<P>();
    let trace = P::tracer().trace();
    let list = |order, kinds| {
        let asked = Asked {
            order,
            kinds,
            limit: STACKS as u32,
            gives_way: true,
            ..Asked::default()
        };
        Leaks::begin(P::tracer(), moment, &asked)
    };
    let growing = [
        Kind::Leaking,
        Kind::QueueGrows,
        Kind::Filling,
        Kind::GrowsInPlace,
    ];
    let growing = growing.into_iter().fold(Kinds::NONE, Kinds::with);
    let (growing, largest) = (
        list(Order::Outlived, growing),
        list(Order::Bytes, Kinds::ALL),
    );
    let (Some(growing), Some(largest)) = (growing, largest) else {
        return false;
    };
    let mut writer = MessageWriter::default();
    writer.header::<P>(trace, out);
    writer.regions::<P>(moment, out);
    writer.counters::<P>(trace, moment, out);
    let mut told = Vec::new();
    tell_leaks::<P>(growing, &mut told, &mut writer, out);
    tell_leaks::<P>(largest, &mut told, &mut writer, out);
    tell_failures::<P>(trace, &told, &mut writer, out);
    tell_marks::<P>(&mut writer, out);
    true
}

/// Tells of live blocks by call stack, but for those that were told of.
fn tell_leaks<P: Device>(
    mut leaks: Leaks,
    told: &mut Vec<u32, STACKS>,
    writer: &mut MessageWriter,
    out: &mut impl Out,
) {
    while !told.is_full() {
        let Some(listed) = leaks.read_next(P::tracer()) else {
            return;
        };
        let leak = listed.leak;
        if told.contains(&leak.stack) {
            continue;
        }
        // There is room: it is not full.
        let _ = told.push(leak.stack);
        writer.stack::<P>(&listed.stack, out);
        writer.say(out, &Message::Births(leak));
    }
}

fn tell_failures<P: Device>(
    trace: Trace,
    told: &[u32],
    writer: &mut MessageWriter,
    out: &mut impl Out,
) {
    let failures = P::tracer().failures(trace).unwrap_or_default();
    let mut named: Vec<u32, FAILURES> = Vec::new();
    for failure in failures.iter().rev().take(FAILURES) {
        if !told.contains(&failure.stack) && !named.contains(&failure.stack) {
            let _ = named.push(failure.stack);
            if let Ok(Some(stack)) = P::tracer().stack(trace, failure.stack) {
                writer.stack::<P>(&stack, out);
            }
        }
        writer.failure(failure, out);
    }
}

fn tell_marks<P: Device>(writer: &mut MessageWriter, out: &mut impl Out) {
    let last = P::marks().newest(|_| true).map_or(0, |mark| mark.id);
    for id in last.saturating_sub(MARKS)..last {
        if let Some(mark) = P::marks().after(id) {
            writer.say(out, &Message::Mark(mark));
        }
    }
}
