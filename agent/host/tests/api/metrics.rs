//! What is scraped says the same as the API.

use std::time::{Duration, Instant};

use heapbeacon_shared::api::{Device, Heap};
use heapbeacon_shared::trace::Mode;

use crate::support::target::Target;

/// Returns the value of a sample, by its name with labels.
fn value(text: &str, name: &str) -> Option<f64> {
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn samples_are_the_counters_of_the_trace_and_the_regions_of_the_heap() {
    let agent = Target::tracing(Mode::All);
    agent.worked_until("live and freed blocks", |trace| {
        trace.summary.matched_frees >= 5 && trace.summary.live_count >= 20
    });
    let trace = agent.command("/trace/stop", "").summary;
    let answer = agent.request("GET", "/metrics", &[], b"");
    let text = answer.text();
    for (name, expected) in [
        ("heap_allocations_total", trace.total_allocations),
        ("heap_allocated_bytes_total", trace.total_allocated_bytes),
        ("heap_missed_frees_total", trace.missed_frees),
        ("heap_live_blocks", trace.live_count),
        ("heap_live_bytes", trace.live_bytes),
        ("heap_trace_records", trace.count.into()),
        ("heap_trace_evicted_total", trace.evicted),
        ("heap_trace_stacks", trace.stack_count.into()),
        (r#"heap_trace_state{state="stopped"}"#, 1),
        (r#"heap_trace_state{state="recording"}"#, 0),
    ] {
        assert_eq!(value(text, name), Some(expected as f64), "{name}");
    }
    let heap: Heap = agent.read("/heap");
    for region in heap.regions {
        let name = format!("heap_size_bytes{{region=\"{}\"}}", region.name);
        assert_eq!(value(text, &name), Some(region.size as f64));
    }
    let device: Device = agent.read("/device");
    let build_id = device.build_id.text();
    assert!(build_id.is_empty() || text.contains(&format!("build_id=\"{build_id}\"")));
}

#[test]
fn a_profile_of_some_seconds_takes_them_and_what_go_s_handlers_are_asked_for_is_no_error() {
    let agent = Target::tracing(Mode::Leaks);
    for kind in ["heap", "allocs"] {
        let path = format!("/debug/pprof/{kind}");
        let problem = agent.request("GET", &format!("{path}?seconds=61"), &[], b"");
        let problem = problem.problem(422);
        assert!(problem.detail.contains("60"), "{problem:?}");
        for query in ["gc=1", "debug=0&gc=0", "gc=1&seconds=0"] {
            let answer = agent.request("GET", &format!("{path}?{query}"), &[], b"");
            assert_eq!((answer.status, answer.body[0]), (200, 0x0a), "{query}");
        }
        let problem = agent.request("GET", &format!("{path}?debug=1"), &[], b"");
        let problem = problem.problem(422);
        assert!(problem.detail.contains("profile.proto"), "{problem:?}");
        for seconds in [0, 1] {
            let began = Instant::now();
            let answer = agent.request("GET", &format!("{path}?seconds={seconds}"), &[], b"");
            assert!(began.elapsed() >= Duration::from_secs(seconds));
            // The first field is a message: a sample type.
            assert_eq!((answer.status, answer.body[0]), (200, 0x0a));
        }
    }
}
