//! What a device says of a firmware whose traces could be better.

use core::mem::MaybeUninit;
use std::boxed::Box;
#[cfg(feature = "http")]
use std::string::ToString;
use std::vec;

#[cfg(feature = "tracing")]
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use heapbeacon_shared::api::Warning;

use super::board::{Board, EVENTS};
use crate::read::bodies;
use crate::recorder::Recorder;
#[cfg(feature = "tracing")]
use crate::tracer::Tracer;

/// Warnings of a board whose call stacks are empty and which has no build id, with a buffer of that many words.
#[track_caller]
fn assert_warns(words: usize, expected: &[Warning]) {
    let buffer = Box::leak(vec![MaybeUninit::uninit(); words].into_boxed_slice());
    let recorder = Recorder::<Board>::new(buffer, &EVENTS);
    assert_eq!(bodies::device(&recorder).warnings, expected);
}

#[cfg(feature = "tracing")]
#[test]
fn a_firmware_without_frame_pointers_and_build_id_is_told_of() {
    assert_warns(4096, &[Warning::NoFramePointers, Warning::NoBuildId]);
}

#[cfg(feature = "tracing")]
#[test]
fn a_buffer_that_holds_next_to_nothing_is_told_of() {
    let and = |buffer| [Warning::NoFramePointers, Warning::NoBuildId, buffer];
    assert_warns(0, &and(Warning::NoRecordBuffer));
    assert_warns(8, &and(Warning::NoRecordBuffer));
    let holds_some =
        |words: &usize| Tracer::<NoopRawMutex>::max_records(words * size_of::<u64>()) > 0;
    let fewest = (8..).find(holds_some).expect("a large one does");
    assert_warns(fewest, &and(Warning::SmallRecordBuffer));
}

#[cfg(not(feature = "tracing"))]
#[test]
fn a_firmware_that_traces_nothing_is_told_of_that_alone() {
    assert_warns(4096, &[Warning::NoTracing]);
}

#[cfg(feature = "http")]
#[test]
fn a_warning_is_sent_with_its_code_and_what_to_do() {
    let mut device = heapbeacon_shared::api::Device::default();
    let _ = device.warnings.push(Warning::NoBuildId);
    let mut bytes = [0; 2304];
    let length = serde_json_core::to_slice(&device, &mut bytes).expect("there is room");
    let json = core::str::from_utf8(&bytes[..length])
        .expect("JSON is text")
        .to_string();
    let sent = std::format!(
        r#""warnings":[{{"code":"no_build_id","message":"{}"}}]"#,
        Warning::NoBuildId.message()
    );
    assert!(json.contains(&sent), "{json}");
}
