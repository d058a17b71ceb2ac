//! What any board can say of a firmware that makes its traces worse than they could be.

use core::hint::black_box;

use heapbeacon_shared::api::{Device, Warning};
use heapless::Vec;

use crate::platform::Platform;
use crate::recorder::Recorder;
use crate::tracer::CallStack;
use crate::walk::frame_pointer;

/// Fewest records that a buffer should hold.
const FEW_RECORDS: u32 = 32;

/// Lists what is wrong with a firmware, beside what its board knows.
pub(crate) fn list<P: Platform>(recorder: &Recorder<P>, device: &Device) -> Vec<Warning, 4> {
    if !cfg!(feature = "tracing") {
        return Vec::from_iter([Warning::NoTracing]);
    }
    let buffer = match recorder.max_records() {
        0 => Some(Warning::NoRecordBuffer),
        _ if !P::is_interrupt_safe(recorder.memory()) => Some(Warning::NoRecordBuffer),
        1..FEW_RECORDS => Some(Warning::SmallRecordBuffer),
        _ => None,
    };
    let frames = (!keeps_frames::<P>()).then_some(Warning::NoFramePointers);
    let build_id = device.build_id.is_empty().then_some(Warning::NoBuildId);
    [frames, build_id, buffer].into_iter().flatten().collect()
}

/// Checks whether a walk sees who called: from two places, that is two places.
///
/// Without frame pointers the register holds something else, which is the same both times.
fn keeps_frames<P: Platform>() -> bool {
    let caller = black_box(caller::<P> as fn() -> Option<usize>);
    let (first, second) = (caller(), caller());
    first.is_some() && first != second
}

/// Returns where this was called from.
#[inline(never)]
fn caller<P: Platform>() -> Option<usize> {
    let mut stack = CallStack::new();
    P::call_stack(frame_pointer(), &mut stack);
    stack.as_slice().first().copied()
}
