//! What programs that people look at exports with make of them: each comes to the sums of the trace.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64ct::{Base64, Encoding};
use heapbeacon_shared::export::{Format, Recording};
use heapbeacon_shared::trace::Summary;
use inferno::flamegraph::{self, Options};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::await_that;
use crate::support::process::Process;

/// Where Debian has the script of DHAT's viewer, and what asks it for the sums at the root of its tree.
const DH_VIEW: &str = "/usr/libexec/valgrind/dh_view.js";
const DH_VIEW_SUMS: &str = include_str!("dh_view.js");
/// What reads a trace with Perfetto's own types.
const PERFETTO_SUMS: &str = include_str!("perfetto_sums.py");

/// A trace that has stopped, and a folder for what is exported of it.
struct Stopped {
    summary: Summary,
    capture: Vec<u8>,
    folder: TempDir,
}

impl Stopped {
    /// Traces the demo for a while, with all that it frees.
    fn new() -> Self {
        let process = Process::start(&["--start", "all"]);
        let agent = process.client();
        await_that("the demo allocates", || {
            agent.trace().summary.total_allocations > 200
        });
        let summary = agent.command("/trace/stop", "").summary;
        Self {
            summary,
            capture: agent.request("GET", "/api/v1/capture", &[], b"").body,
            folder: tempfile::tempdir().expect("there are folders"),
        }
    }

    fn export(&self, format: Format) -> Vec<u8> {
        let read = || {
            |offset: u64, piece: &mut [u8]| {
                let rest = self.capture.get(offset as usize..).unwrap_or_default();
                let count = rest.len().min(piece.len());
                piece[..count].copy_from_slice(&rest[..count]);
                Ok::<_, String>(count)
            }
        };
        let recording = Recording::read(read()).expect("it is whole");
        let mut document = Vec::new();
        let write = |piece: &[u8]| {
            document.extend_from_slice(piece);
            Ok(())
        };
        recording
            .write(format, read(), write)
            .expect("nothing fails");
        document
    }

    /// Exports to a file.
    fn file(&self, format: Format) -> PathBuf {
        self.save("exported", &self.export(format))
    }

    fn save(&self, name: &str, content: &[u8]) -> PathBuf {
        let file = self.folder.path().join(name);
        fs::write(&file, content).expect("the folder is there");
        file
    }
}

/// Returns what a program prints that ends well.
fn printed(command: &mut Command, package: &str) -> String {
    let output = command
        .output()
        .unwrap_or_else(|_| panic!("missing; on Debian, the package {package}: {command:?}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn inferno_draws_a_flame_graph_of_what_is_live() {
    let trace = Stopped::new();
    let stacks = trace.export(Format::Collapsed);
    let mut options = Options::default();
    "bytes".clone_into(&mut options.count_name);
    let mut drawn = Vec::new();
    flamegraph::from_reader(&mut options, &stacks[..], &mut drawn).expect("it is drawn");
    let drawn = String::from_utf8(drawn).expect("text").replace(',', "");
    let all = format!("<title>all ({} bytes 100%)", trace.summary.live_bytes);
    assert!(drawn.contains(&all), "{all}: {drawn}");
}

#[test]
fn heaptrack_finds_each_allocation_and_what_is_left() {
    let trace = Stopped::new();
    let file = trace.file(Format::Heaptrack);
    let stacks = trace.folder.path().join("stacks");
    for (cost, expected) in [
        ("allocations", trace.summary.total_allocations),
        ("leaked", trace.summary.live_bytes),
    ] {
        let mut heaptrack = Command::new("heaptrack_print");
        heaptrack.arg("--file").arg(&file);
        heaptrack.args(["--flamegraph-cost-type", cost]);
        heaptrack.arg("--print-flamegraph").arg(&stacks);
        printed(&mut heaptrack, "heaptrack");
        let stacks = fs::read_to_string(&stacks).expect("it was written");
        let costs = stacks.lines().map(|line| {
            let cost = line.rsplit_once(' ').map(|(_, cost)| cost.parse::<u64>());
            cost.and_then(Result::ok).expect(line)
        });
        assert_eq!(costs.sum::<u64>(), expected, "{cost}: {stacks}");
    }
}

#[test]
fn perfetto_s_own_types_know_each_field_and_read_what_is_live() {
    let python = env::var("HEAPBEACON_PERFETTO").expect(
        "HEAPBEACON_PERFETTO names a Python with Perfetto's types: run `cargo xtask test unit`",
    );
    let trace = Stopped::new();
    let mut sums = Command::new(python);
    sums.args(["-c", PERFETTO_SUMS])
        .arg(trace.file(Format::Perfetto));
    let summary = &trace.summary;
    let expected = format!("{} {} 0", summary.live_bytes, summary.live_count);
    assert_eq!(printed(&mut sums, "python3").trim(), expected);
}

#[test]
fn the_viewer_of_dhat_builds_its_tree() {
    let trace = Stopped::new();
    let mut node = Command::new("node");
    node.args(["--eval", DH_VIEW_SUMS, DH_VIEW])
        .arg(trace.file(Format::Dhat));
    let sums = printed(&mut node, "nodejs, and valgrind for dh_view.js");
    let summary = &trace.summary;
    let expected = [
        summary.total_allocated_bytes,
        summary.total_allocations,
        summary.live_bytes,
        summary.live_count,
    ];
    assert_eq!(sums.trim(), format!("{expected:?}"));
}

#[test]
fn speedscope_lists_live_bytes_live_blocks_and_allocated_bytes() {
    let folder = env::var("HEAPBEACON_SPEEDSCOPE").expect(
        "HEAPBEACON_SPEEDSCOPE names the folder of speedscope: run `cargo xtask test unit`",
    );
    let trace = Stopped::new();
    let document = Base64::encode_string(&trace.export(Format::Speedscope));
    // As its own command hands a file over.
    let script = format!("speedscope.loadFileFromBase64('a.speedscope.json', '{document}')");
    let script = trace.save("profile.js", script.as_bytes());
    let mut chromium = Command::new("chromium-headless-shell");
    chromium
        .args(["--no-sandbox", "--allow-file-access-from-files"])
        .args(["--virtual-time-budget=10000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", trace.folder.path().display()))
        .arg(format!(
            "file://{folder}/index.html#localProfilePath={}",
            script.display()
        ));
    let page = printed(&mut chromium, "chromium-headless-shell");
    let summary = &trace.summary;
    for (name, weight) in [
        ("live bytes", size(summary.live_bytes)),
        ("live blocks", summary.live_count.to_string()),
        ("allocated bytes", size(summary.total_allocated_bytes)),
    ] {
        let row = page
            .split("<tr ")
            .find(|row| row.contains(&format!("title=\"{name}\"")));
        let row = row
            .unwrap_or_else(|| panic!("{name}: {page}"))
            .replace(',', "");
        assert!(
            row.contains(&format!(">{weight}</td>")),
            "{name}, {weight}: {row}"
        );
    }
}

/// Firefox Profiler with a profile, until this value goes.
struct Profiler<'t> {
    folder: &'t Path,
}

impl<'t> Profiler<'t> {
    fn load(trace: &'t Stopped) -> Self {
        let profiler = Self {
            folder: trace.folder.path(),
        };
        let file = trace.file(Format::Firefox);
        // It gives the program that goes on half a second to begin, which is not enough on a busy machine.
        await_that("the viewer has read the profile", || {
            let output = profiler.ask("load").arg(&file).output();
            output.is_ok_and(|output| output.status.success())
        });
        profiler
    }

    /// Begins a question: it is put to a program that goes on between two of them, and keeps its place in the folder.
    fn ask(&self, about: &str) -> Command {
        let program = |name| {
            let missing = || panic!("{name} is not set: run `cargo xtask test unit`");
            env::var(name).unwrap_or_else(|_| missing())
        };
        let mut command = Command::new(program("HEAPBEACON_NODE"));
        command
            .arg(program("HEAPBEACON_FIREFOX_PROFILER"))
            .args(about.split(' '))
            .env("PROFILER_CLI_SESSION_DIR", self.folder);
        command
    }

    /// Returns the bytes at the root of a tree of call stacks.
    fn bytes(&self, strategy: &str) -> Option<u64> {
        let mut command = self.ask("thread samples-top-down --json --strategy");
        let tree: Value = serde_json::from_str(&printed(command.arg(strategy), "nodejs")).ok()?;
        tree["regularCallTree"]["totalSamples"].as_u64()
    }
}

impl Drop for Profiler<'_> {
    fn drop(&mut self) {
        // What is left to do where it does not end is up to whoever reads that.
        let _ = self.ask("stop").output();
    }
}

#[test]
fn firefox_profiler_finds_what_was_allocated_what_was_freed_and_what_is_left() {
    let trace = Stopped::new();
    let profiler = Profiler::load(&trace);
    let summary = &trace.summary;
    let (allocated, live) = (summary.total_allocated_bytes, summary.live_bytes);
    for (strategy, bytes) in [
        ("native-allocations", allocated),
        ("native-retained-allocations", live),
        ("native-deallocations-memory", allocated - live),
    ] {
        assert_eq!(profiler.bytes(strategy), Some(bytes), "{strategy}");
    }
}

/// Returns bytes, of which a demo has more than a kilobyte, as speedscope tells them: JavaScript rounds halves up.
fn size(bytes: u64) -> String {
    let (unit, name) = if bytes < 1 << 20 {
        (1 << 10, "KB")
    } else {
        (1 << 20, "MB")
    };
    let hundredths = (bytes * 100 + unit / 2) / unit;
    format!("{}.{:02} {name}", hundredths / 100, hundredths % 100)
}
