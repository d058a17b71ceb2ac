//! Boots that end badly, and what the next one tells of them: by real resets of the machine.

use std::time::Duration;

use heapbeacon_shared::api::{Device, PostMortem};
use heapbeacon_shared::capture::{Capture, CaptureReader};
use heapbeacon_shared::symbols::Symbols;
use heapbeacon_shared::trace::{Ending, Failure, Reason};
use serde_json::Value;

use crate::support::client::Client;
use crate::support::qemu::{AGENT, Qemu, elf};
use crate::support::{await_some, await_that};

const PATH: &str = "/postmortem";
pub(super) const LISTENING: &str = "listening on";

/// Waits until state was written ahead at least once.
pub(super) fn run_for_a_while(agent: &Client) {
    await_that("some time passes", || {
        let device: Device = agent.read("/device");
        device.uptime_us > 6_000_000
    });
}

/// Asks what is known of the boots before.
pub(super) fn told(agent: &Client) -> PostMortem {
    let told = serde_json::from_slice(&agent.get(PATH).body);
    told.expect("it says how the boot ended")
}

/// Ends the boot by a switch, and waits for the next one.
pub(super) fn crash(machine: &mut Qemu, agent: &Client, switch: &str) -> Ending {
    let once = agent.clone().hasty(Duration::from_secs(5));
    // Nobody is left to answer.
    let answer = once.try_post(&format!("/demo/{switch}"), r#"{"on":true}"#);
    assert!(answer.is_err());
    machine.await_line(LISTENING);
    let told = await_some("the next boot answers", || {
        Some(told(agent)).filter(|told| told.outcome == "found")
    });
    told.ending.expect("it says how it ended")
}

fn capture(agent: &Client) -> Capture {
    let answer = agent.get("/postmortem?format=postcard");
    let mut reader = CaptureReader::new();
    reader.push(&answer.body).expect("it is a capture");
    let capture = reader.finish().expect("it is of a trace");
    assert!(!capture.loss.is_incomplete(), "{:?}", capture.loss);
    capture
}

/// Returns the functions of a call stack, innermost first.
fn functions(frames: &[u64]) -> Vec<String> {
    let elf = elf(AGENT);
    let symbols = Symbols::parse(&elf).expect("it has names");
    let frames = symbols.call_stack(frames).into_iter();
    frames.filter_map(|frame| frame.function).collect()
}

#[test]
fn what_ran_out_of_memory_says_who_asked_and_who_held_it() {
    let mut machine = Qemu::boot();
    let agent = machine.client();
    let before = told(&agent);
    assert_eq!((before.outcome.as_str(), before.ending), ("lost", None));
    assert_eq!(agent.get("/postmortem?format=postcard").status, 404);
    run_for_a_while(&agent);

    let ending = crash(&mut machine, &agent, "out-of-memory");
    assert_eq!(ending.reason, Reason::OutOfMemory);
    assert_eq!(ending.task.as_deref(), Some("http"));
    assert!(ending.message.contains("67108864"), "{ending:?}");
    assert!(ending.time_us > 6_000_000, "{ending:?}");
    assert!(
        ending.free >= ending.largest_free_block && ending.largest_free_block > Some(0),
        "{ending:?}"
    );
    let frames: Vec<_> = ending.frames.iter().map(|frame| frame.0).collect();
    let functions = functions(&frames);
    assert!(
        functions
            .iter()
            .any(|function| function.contains("Exhaustion")),
        "{functions:?}"
    );

    let capture = capture(&agent);
    assert_eq!(capture.ending.as_ref(), Some(&ending));
    let summary = capture.trace.summary;
    // It is written ahead every two seconds.
    let age_us = ending.time_us - summary.time_us;
    assert!(
        age_us < 4_000_000 && summary.live_count > 50,
        "{age_us}: {summary:?}"
    );
    assert_eq!(capture.leaks.leaks.len(), 8);
    assert!(
        capture
            .leaks
            .leaks
            .iter()
            .all(|leak| leak.count > 0 && !leak.stack.frames.is_empty())
    );
    let json: Value = agent.read(PATH);
    assert_eq!(json["leaks"].as_array().map(Vec::len), Some(8), "{json}");
    assert_eq!(json["summary"]["live_count"], summary.live_count, "{json}");
    assert_eq!(json["regions"].as_array().map(Vec::len), Some(2), "{json}");
    let failures: Vec<Failure> = serde_json::from_value(json["failures"].clone()).expect("a list");
    assert!(
        failures
            .iter()
            .all(|failure| failure.left.is_some_and(|left| left.free > 0)),
        "{failures:?}"
    );
    let device: Device = agent.read("/device");
    assert_eq!(
        json["device"]["build_id"],
        device.build_id.to_string(),
        "{json}"
    );

    // The panic is the last that it has printed.
    let log = json["log"].as_array().expect("a list");
    let last = log.last().and_then(Value::as_str).unwrap_or_default();
    assert!(last.contains("panicked at"), "{log:?}");
    assert!(log.iter().eq(capture.log.iter().map(|line| line.as_str())));

    // It stays over a restart that somebody asks for, until it is deleted.
    let boot_id = device.boot_id;
    assert_eq!(agent.post("/restart", "").status, 200);
    machine.await_line(LISTENING);
    await_that("the next boot answers", || {
        agent.read::<Device>("/device").boot_id != boot_id
    });
    assert_eq!(told(&agent).outcome, "found");
    assert_eq!(agent.delete(PATH).status, 200);
    let after = told(&agent);
    assert_eq!((after.outcome.as_str(), after.ending), ("nothing", None));
}

#[test]
fn a_panic_and_a_reset_by_nobody_leave_what_was_known() {
    let mut machine = Qemu::boot();
    let agent = machine.client();
    run_for_a_while(&agent);
    let ending = crash(&mut machine, &agent, "panic");
    assert_eq!(ending.reason, Reason::Panic);
    assert!(
        ending.message.contains("somebody turned the switch on"),
        "{ending:?}"
    );
    assert!(ending.message.contains("crash.rs"), "{ending:?}");

    // As a watchdog does it: nobody is left to note anything.
    run_for_a_while(&agent);
    machine.reset();
    machine.await_line(LISTENING);
    let ending = await_some("the next boot answers", || {
        let told = told(&agent);
        told.ending
            .filter(|ending| ending.reason == Reason::Unknown)
    });
    assert!(
        ending.frames.is_empty() && ending.time_us > 2_000_000,
        "{ending:?}"
    );
    assert_eq!(capture(&agent).leaks.leaks.len(), 8);
}
