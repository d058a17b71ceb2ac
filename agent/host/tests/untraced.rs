//! The agent with tracing compiled out: `cargo test -p heapbeacon-host --no-default-features --test untraced`.
//!
//! With tracing compiled in there is nothing to test here; `cargo xtask test unit` builds both.
#![cfg(not(feature = "tracing"))]

mod support;

use heapbeacon_shared::api::{Device, Feature, Warning};
use heapbeacon_shared::trace::State;
use support::process::{HOOKS, Process, functions, output};

#[test]
fn everything_about_a_trace_is_answered_with_not_supported_and_a_sentence_that_helps() {
    let process = Process::start(&[]);
    let agent = process.client();
    for (path, body) in [
        ("/trace/init", r#"{"destination":"standalone"}"#),
        ("/trace/init", r#"{"destination":"standalone","records":0}"#),
        ("/trace/init", r#"{"destination":"to_host"}"#),
        ("/trace/start", r#"{"mode":"leaks"}"#),
        ("/trace/start?mode=all", ""),
        ("/trace/stop", ""),
        ("/trace/pause", ""),
        ("/trace/resume", ""),
    ] {
        let problem = agent.post(path, body).problem(501);
        assert_eq!(problem.code, "ESP_ERR_NOT_SUPPORTED", "{path} {body}");
        assert!(problem.detail.contains("feature `tracing`"), "{problem:?}");
    }
    for path in [
        "/trace/count",
        "/trace/records",
        "/trace/records/0",
        "/trace/stacks",
        "/trace/leaks",
        "/trace/references",
        "/trace/dump",
        "/capture",
    ] {
        let problem = agent.get(path).problem(501);
        assert_eq!(problem.code, "ESP_ERR_NOT_SUPPORTED", "{path}");
    }
    for path in ["/debug/pprof/heap", "/debug/pprof/allocs"] {
        agent.request("GET", path, &[], b"").problem(501);
    }
}

#[test]
fn metrics_tell_of_the_heap_and_not_of_a_trace() {
    let process = Process::start(&[]);
    let answer = process.client().request("GET", "/metrics", &[], b"");
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("\nheap_free_bytes{"));
    assert!(!answer.text().contains("heap_allocations_total"));
}

#[test]
fn the_trace_and_the_device_say_that_nothing_can_be_traced() {
    let process = Process::start(&[]);
    let agent = process.client();
    let trace = agent.trace();
    assert_eq!(trace.summary.state, State::Uninitialised);
    assert_eq!(
        (trace.summary.destination, trace.summary.mode),
        (None, None)
    );
    assert_eq!((trace.trace_id, trace.summary.total_allocations), (0, 0));
    assert_eq!(trace.buffer.max_records, 0);
    let device: Device = agent.read("/device");
    assert!(!device.features.contains(&Feature::Tracing));
    assert_eq!(device.warnings, [Warning::NoTracing]);
}

#[test]
fn a_start_on_the_command_line_is_refused() {
    let output = output(&["--listen", "127.0.0.1:0", "--start", "leaks"]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("feature `tracing`"), "{said}");
}

#[test]
fn the_hooks_are_not_in_the_executable() {
    let functions = functions();
    assert!(functions.contains("heapbeacon_host::main"));
    for hook in HOOKS {
        assert!(!functions.contains(hook), "{hook}");
    }
}
