//! What Prometheus and its `promtool` make of `/metrics`.

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::server::{MISSING, Prometheus, program};
use crate::support::await_that;
use crate::support::client::Client;
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

/// Checks that `promtool` has nothing to say of a document.
#[track_caller]
fn check(text: &str) {
    let mut promtool = program("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect(MISSING);
    let mut input = promtool.stdin.take().expect("it is piped");
    input.write_all(text.as_bytes()).expect("it reads");
    drop(input);
    let output = promtool.wait_with_output().expect("it ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
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
