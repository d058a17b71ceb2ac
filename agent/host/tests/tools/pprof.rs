//! What `go tool pprof` makes of `/debug/pprof/heap`.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::await_that;
use crate::support::client::Client;
use crate::support::process::{Process, executable};

const MISSING: &str = "missing: go; on Debian, the package golang-go";

/// The tool, with a folder of its own for what it keeps.
struct Pprof(TempDir);

impl Pprof {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("there are folders"))
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Runs it, and returns what it prints.
    #[track_caller]
    fn run(&self, arguments: &[&str]) -> String {
        let output = Command::new("go")
            .args(["tool", "pprof"])
            .args(arguments)
            .env("HOME", self.folder())
            .env("PPROF_TMPDIR", self.folder())
            .output()
            .expect(MISSING);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("it is text")
    }

    /// Returns the sums of the samples of a profile, or of the difference that `arguments` ask for.
    #[track_caller]
    fn sums(&self, arguments: &[&str]) -> [i64; 4] {
        let raw = self.run(&[&["-raw"], arguments].concat());
        let mut sums = [0; 4];
        for line in raw.lines() {
            let (values, _) = line.split_once(':').unwrap_or_default();
            let values = values.split_whitespace().map(str::parse::<i64>);
            let values: Result<Vec<_>, _> = values.collect();
            // Others are no samples.
            let Some(Ok(values)) = values.ok().map(<[i64; 4]>::try_from) else {
                continue;
            };
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value;
            }
        }
        sums
    }

    /// Saves a profile in a file.
    fn save(&self, agent: &Client, name: &str) -> String {
        let path = self.folder().join(name);
        let answer = agent.request("GET", "/debug/pprof/heap", &[], b"");
        assert_eq!(answer.status, 200);
        fs::write(&path, answer.body).expect("the folder is there");
        path.to_str().expect("it is text").to_owned()
    }
}

/// Returns what the trace has counted, as a sample has it.
fn counted(agent: &Client) -> [i64; 4] {
    let summary = agent.trace().summary;
    [
        summary.total_allocations,
        summary.total_allocated_bytes,
        summary.live_count,
        summary.live_bytes,
    ]
    .map(|value| value as i64)
}

/// Lets the trace record until the demo has done something, and stops it.
fn work(agent: &Client) {
    let before = agent.trace().summary.total_allocations;
    await_that("the demo allocates", || {
        agent.trace().summary.total_allocations > before + 200
    });
    agent.command("/trace/stop", "");
}

#[test]
fn a_url_is_opened_with_the_numbers_of_the_trace_and_differs_from_an_earlier_one_by_what_has_happened()
 {
    let process = Process::start(&["--start", "all"]);
    let agent = process.client();
    work(&agent);
    let pprof = Pprof::new();
    let url = |kind: &str| format!("{}/debug/pprof/{kind}", process.url());
    let before = counted(&agent);
    for kind in ["heap", "allocs"] {
        // It asks for names, too.
        assert_eq!(pprof.sums(&[&url(kind)]), before, "{kind}");
    }
    assert_eq!(pprof.sums(&["-base", &url("heap"), &url("heap")]), [0; 4]);
    let first = pprof.save(&agent, "first.pb");
    agent.command("/trace/resume", "");
    work(&agent);
    let after = counted(&agent);
    let difference = [0, 1, 2, 3].map(|place: usize| after[place] - before[place]);
    assert_eq!(pprof.sums(&["-base", &first, &url("heap")]), difference);
    for (kind, shown) in [("heap", "inuse_space"), ("allocs", "alloc_space")] {
        let top = pprof.run(&["-top", &url(kind)]);
        assert!(top.contains(&format!("Type: {shown}")), "{top}");
    }
    let tags = pprof.run(&["-tags", &url("heap")]);
    assert!(
        tags.contains(" task: Total") && tags.contains(" region: Total"),
        "{tags}"
    );
}

#[test]
fn a_difference_is_what_has_happened_while_the_tool_waited() {
    let process = Process::start(&["--start", "all"]);
    let agent = process.client();
    let pprof = Pprof::new();
    let url = format!("{}/debug/pprof/allocs?seconds=2", process.url());
    await_that("the demo allocates", || counted(&agent)[0] > 2_000);
    let before = counted(&agent);
    let sums = pprof.sums(&[&url]);
    let after = counted(&agent);
    let most = [0, 1].map(|place: usize| after[place] - before[place]);
    assert!(0 < sums[0] && sums[0] <= most[0], "{sums:?} of {most:?}");
    assert!(0 < sums[1] && sums[1] <= most[1], "{sums:?} of {most:?}");
    let top = pprof.run(&["-top", &url]);
    assert!(top.contains("Duration: 2s"), "{top}");
}

#[test]
fn with_the_elf_functions_have_names() {
    let process = Process::start(&["--start", "leaks", "--no-demo"]);
    let agent = process.client();
    await_that("something is live", || agent.trace().summary.live_count > 0);
    let pprof = Pprof::new();
    let profile = pprof.save(&agent, "heap.pb");
    let top = pprof.run(&["-top", "-cum", executable(), &profile]);
    assert!(top.contains("__rust_alloc"), "{top}");
}

#[test]
fn a_trace_that_was_never_started_is_an_empty_profile() {
    let process = Process::start(&[]);
    let pprof = Pprof::new();
    let url = format!("{}/debug/pprof/heap", process.url());
    assert_eq!(pprof.sums(&[&url]), [0; 4]);
}
