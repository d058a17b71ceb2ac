//! What Prometheus and its `promtool` make of `/metrics`.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::server::{Prometheus, check};
use crate::support::await_that;
use crate::support::client::Client;
use crate::support::pprof::Pprof;
use crate::support::process::Process;

const TOKEN: &str = "correct-horse-battery";
const TO_HOST: &str = r#"{"destination":"to_host"}"#;

/// Returns what the agent has for Prometheus.
#[track_caller]
fn metrics(agent: &Client) -> String {
    let answer = agent.request("GET", "/metrics", &[], b"");
    assert_eq!(answer.status, 200);
    answer.text().to_owned()
}

#[test]
fn promtool_has_nothing_to_say_in_any_state_of_the_trace() {
    let process = Process::start(&[]);
    let agent = process.client();
    check(&metrics(&agent));
    for init in [TO_HOST, r#"{"destination":"standalone"}"#] {
        agent.command("/trace/init", init);
        check(&metrics(&agent));
        for mode in ["all", "leaks"] {
            agent.command(&format!("/trace/start?mode={mode}"), "");
            await_that("the demo allocates", || {
                agent.trace().summary.total_allocations > 100
            });
            check(&metrics(&agent));
        }
        agent.command("/trace/stop", "");
        check(&metrics(&agent));
    }
}

#[test]
fn tools_read_what_is_told_while_the_trace_begins_anew_all_the_time() {
    let process = Process::start(&["--start", "all"]);
    let agent = process.client();
    let url = format!("{}/debug/pprof/heap", process.url());
    let pprof = Pprof::new();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Relaxed) {
                for mode in ["leaks", "all"] {
                    agent.command(&format!("/trace/start?mode={mode}"), "");
                }
            }
        });
        // Whatever fails, the others end.
        let _over = Over(&is_over);
        for _ in 0..10 {
            check(&metrics(&agent));
            let sums = pprof.sums(&[&url]);
            assert!(sums[0] >= sums[2] && sums[1] >= sums[3], "{sums:?}");
        }
    });
}

/// Says that something is over when this value goes.
struct Over<'o>(&'o AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

#[test]
fn prometheus_scrapes_what_the_trace_has_counted() {
    let process = Process::start(&["--start", "leaks", "--token", TOKEN]);
    let agent = process.client_with(TOKEN);
    await_that("the demo allocates", || {
        agent.trace().summary.live_count > 20
    });
    let trace = agent.command("/trace/stop", "").summary;
    let folder = tempfile::tempdir().expect("there are folders");
    let config = folder.path().join("prometheus.yml");
    let text = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: heap\n  authorization: {{credentials: {TOKEN}}}\n  \
         static_configs: [{{targets: ['{}']}}]\n",
        agent.authority()
    );
    fs::write(&config, text).expect("the folder is there");
    let server = Prometheus::start(folder.path());
    await_that("a scrape", || server.value("up") == Some(1.0));
    for (name, expected) in [
        ("heap_live_blocks", trace.live_count),
        ("heap_live_bytes", trace.live_bytes),
        ("heap_allocations_total", trace.total_allocations),
        ("heap_allocated_bytes_total", trace.total_allocated_bytes),
        (
            "heap_frees_total",
            trace.matched_frees + trace.unmatched_frees,
        ),
        ("heap_alloc_failures_total", trace.failed_allocations),
        ("heap_trace_records", trace.count.into()),
        ("sum(heap_call_stack_bytes)", trace.live_bytes),
    ] {
        // PromQL knows but floats.
        assert_eq!(server.value(name), Some(expected as f64), "{name}");
    }
    let started = server
        .value("process_start_time_seconds")
        .expect("a process knows the time");
    let since = SystemTime::UNIX_EPOCH + Duration::from_secs_f64(started);
    let age = since.elapsed().expect("it has started").as_secs();
    assert!(age < 100, "{age} s");
    let build_id = agent.read::<Value>("/device")["build_id"].clone();
    let info = format!("heap_trace_info{{build_id={build_id},mode=\"leaks\"}}");
    assert_eq!(server.value(&info), Some(1.0));
}
