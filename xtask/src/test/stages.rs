//! The stages of `cargo xtask test`.

use std::fs;

use anyhow::{Result, bail};
use xshell::{Cmd, cmd};

use super::reach::ensure_answers;
use super::tally::Tally;
use crate::agent::{self, Agent};
use crate::check::{self, AGENT, BOARD_LIBRARIES, Library, SHARED, WORKER};
use crate::qemu::{self, Machine};
use crate::system::{self, Program};
use crate::workspace::Workspace;
use crate::{bench, dashboard, firmware, prometheus, toolchain};

/// A part of the tests. `run` gets the URL of a running agent, if the user named one.
pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) run: fn(&Workspace, Option<&str>) -> Result<Tally>,
    pub(super) cores: Cores,
}

/// Which cores a stage takes of the two that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cores {
    Both,
    /// Leaves one to others.
    First,
    /// Takes no more than the one that others leave, and goes by no time.
    Second,
}

/// All stages, those first that find a mistake soonest.
pub(super) const STAGES: [Stage; 10] = [
    Stage {
        name: "check",
        about: "format, lints, documentation, import rule, licences, feature sets",
        run: check,
        cores: Cores::Both,
    },
    Stage {
        name: "unit",
        about: "unit and integration tests of every crate",
        run: unit,
        cores: Cores::Both,
    },
    Stage {
        name: "miri",
        about: "the tracer's tests under Miri, which sees undefined behaviour",
        run: miri,
        cores: Cores::Second,
    },
    Stage {
        name: "fuzz",
        about: "a minute of random bytes for everything that reads untrusted ones",
        run: fuzz,
        cores: Cores::Second,
    },
    Stage {
        name: "api",
        about: "the HTTP API of a running agent",
        run: api,
        cores: Cores::Both,
    },
    Stage {
        name: "openapi",
        about: "a running agent against its OpenAPI document",
        run: openapi,
        cores: Cores::Both,
    },
    Stage {
        name: "browser",
        about: "the release bundle in Chromium",
        run: browser,
        cores: Cores::Both,
    },
    Stage {
        name: "qemu",
        about: "the agent on bare metal: call stacks, the API suite, and what only a device shows",
        run: qemu,
        cores: Cores::First,
    },
    Stage {
        name: "esp32",
        about: "the firmware for ESP32 chips: it links, keeps its budgets, and its images are sound",
        run: esp32,
        cores: Cores::Second,
    },
    Stage {
        name: "bench",
        about: "the budgets",
        run: bench,
        cores: Cores::First,
    },
];

/// Integration tests of the host agent that have a stage of their own.
const STAGE_TESTS: [&str; 3] = ["api", "browser", "qemu"];

/// The host agent's integration test that is about a build of its own: one that does not trace.
const UNTRACED_TEST: &str = "untraced";

/// What reads exports, profiles and announcements in tests, and joins a device's access point.
const TOOLS: [Program; 13] = [
    system::HEAPTRACK,
    system::DH_VIEW,
    system::NODE,
    system::CHROMIUM,
    system::GO,
    system::AVAHI,
    system::AVAHI_BROWSE,
    system::DBUS,
    system::IP,
    system::UDHCPC,
    system::DHCLIENT,
    system::DIG,
    system::CURL,
];

/// What builds and runs the C programs that test the library for C.
const C_TOOLS: [Program; 5] = [
    system::C_COMPILER,
    system::CPP_COMPILER,
    system::RISCV_COMPILER,
    system::RISCV_LIBRARY,
    system::QEMU,
];

/// The token of an agent that the API tests bring along.
const TOKEN: &str = "a-token-of-the-tests";

/// The crates of fuzz targets.
const FUZZED: [&str; 2] = ["shared/fuzz", "agent/fuzz"];

/// How long the fuzz targets run, all together.
const FUZZ_SECONDS: usize = 60;

/// What one input may take: seconds, and megabytes of the whole process.
const FUZZ_LIMITS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=512"];

/// What cargo-fuzz sets: coverage counters for libFuzzer. Without a sanitizer, because the code is safe Rust; so a
/// stable compiler and plain cargo are enough.
const FUZZ_FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions -Ccodegen-units=1";

fn check(workspace: &Workspace, _url: Option<&str>) -> Result<Tally> {
    check::run(workspace)?;
    Ok(Tally::success())
}

fn esp32(workspace: &Workspace, _url: Option<&str>) -> Result<Tally> {
    super::esp32::run(workspace)
}

fn bench(workspace: &Workspace, _url: Option<&str>) -> Result<Tally> {
    bench::run(workspace)?;
    Ok(Tally::success())
}

fn unit(workspace: &Workspace, _url: Option<&str>) -> Result<Tally> {
    system::ensure_programs(workspace, &[&TOOLS[..], &C_TOOLS].concat())?;
    let speedscope = system::ensure_speedscope(workspace)?;
    let perfetto = system::ensure_perfetto(workspace)?;
    let [node, profiler] = system::ensure_firefox_profiler(workspace)?;
    toolchain::ensure_target(workspace, firmware::IMAC)?;
    let shell = &workspace.shell;
    let test = || cmd!(shell, "cargo test --locked --no-fail-fast");
    let of_library = |library: &'static Library| {
        library.tested_sets.iter().map(move |features| {
            let chosen = ["-p", library.package, "--no-default-features"];
            test().args(chosen).args(["--features", features])
        })
    };
    // Days of readings, of which each takes one core. What goes by time runs behind it.
    let analysis = of_library(&SHARED).collect();
    let libraries = [&AGENT, &WORKER].into_iter().chain(&BOARD_LIBRARIES);
    let mut tally = Tally::of_lanes([libraries.flat_map(of_library).collect(), analysis])?;
    // Its tests say what they lack.
    tally += Tally::of_result(prometheus::ensure(workspace));
    let host = test()
        .args(["-p", "heapbeacon-host", "--lib"])
        .args(host_tests(workspace)?)
        .env("HEAPBEACON_SPEEDSCOPE", speedscope)
        .env("HEAPBEACON_PERFETTO", perfetto)
        .env("HEAPBEACON_NODE", node)
        .env("HEAPBEACON_FIREFOX_PROFILER", profiler);
    let untraced = test()
        .args(["-p", "heapbeacon-host", "--no-default-features"])
        .args(["--test", UNTRACED_TEST]);
    let programs = [
        "heapbeacon-bundle",
        "heapbeacon-dashboard",
        "heapbeacon-reports",
        "heapbeacon-signing",
        "xtask",
    ];
    let programs = programs.map(|package| test().args(["-p", package]));
    for command in [host, untraced].into_iter().chain(programs) {
        tally += Tally::of_cargo_test(command)?;
    }
    Ok(tally)
}

/// Chooses the host agent's integration tests that no other stage and no other build runs.
fn host_tests(workspace: &Workspace) -> Result<Vec<String>> {
    let names = rust_files(workspace, "agent/host/tests")?.into_iter();
    Ok(names
        .filter(|name| !STAGE_TESTS.contains(&name.as_str()) && name != UNTRACED_TEST)
        .map(|name| format!("--test={name}"))
        .collect())
}

fn miri(workspace: &Workspace, _url: Option<&str>) -> Result<Tally> {
    toolchain::ensure_nightly(workspace)?;
    let shell = &workspace.shell;
    let nightly = format!("+{}", toolchain::NIGHTLY);
    // Machines and browsers that others wait for come first.
    let test = || {
        cmd!(
            shell,
            "nice cargo {nightly} miri test --locked -p heapbeacon --lib --"
        )
    };
    let mut tally = Tally::of_cargo_test(test().arg("tracer::"))?;
    // A scan goes by addresses, and its board lives as long as a test's thread.
    let flags = "-Zmiri-permissive-provenance -Zmiri-ignore-leaks";
    let scans = test().args(["tests::references", "--skip", "http"]);
    tally += Tally::of_cargo_test(scans.env("MIRIFLAGS", flags))?;
    Ok(tally)
}

/// The fuzz targets are crates in cargo-fuzz's layout, built here without cargo-fuzz.
fn fuzz(workspace: &Workspace, _url: Option<&str>) -> Result<Tally> {
    system::ensure_programs(workspace, &[system::CPP_COMPILER])?;
    let _flags = workspace.shell.push_env("RUSTFLAGS", FUZZ_FLAGS);
    let mut tally = Tally::default();
    for folder in FUZZED {
        let targets = rust_files(workspace, &format!("{folder}/fuzz_targets"))?;
        let seconds = FUZZ_SECONDS / FUZZED.len() / targets.len();
        let _folder = workspace.shell.push_dir(folder);
        for target in &targets {
            tally += fuzz_target(workspace, target, seconds)?;
        }
    }
    Ok(tally)
}

/// Runs one fuzz target from its seeds. What it learns, and the input that makes it panic, go below the top folder's
/// `target/fuzz`. The machine is named to cargo because build scripts must not be instrumented.
fn fuzz_target(workspace: &Workspace, target: &str, seconds: usize) -> Result<Tally> {
    let shell = &workspace.shell;
    let machine = cmd!(shell, "rustc --print host-tuple").quiet().read()?;
    let learnt = shell.create_dir(workspace.path("target/fuzz").join(target))?;
    let seeds = Some(format!("seeds/{target}")).filter(|folder| shell.path_exists(folder));
    let run = cmd!(
        shell,
        "nice cargo run --locked --release --target {machine} --bin {target} --"
    );
    Tally::of_step(
        run.arg(format!("-max_total_time={seconds}"))
            .args(FUZZ_LIMITS)
            .arg(format!("-artifact_prefix={}-", learnt.display()))
            .arg(learnt)
            .args(seeds),
    )
}

/// The agent that the user named, or the tests' own and one that has as little as any: a token, few records, and no
/// workload. Tests of that one run one after the other and mostly wait, so the others run meanwhile.
fn api(workspace: &Workspace, url: Option<&str>) -> Result<Tally> {
    if let Some(url) = url {
        ensure_answers(url)?;
        return Tally::of_cargo_test(api_of(workspace, url));
    }
    agent::build(workspace)?;
    let bare = [
        "--token",
        TOKEN,
        "--no-demo",
        "--start",
        "leaks",
        "--records",
        "7",
    ];
    let agent = Agent::start(workspace, &bare)?;
    let of_bare = api_of(workspace, agent.url()).env("HEAPBEACON_TOKEN", TOKEN);
    Tally::of_both([api_tests(workspace), of_bare])
}

/// Returns what runs the API tests, each against an agent of its own.
fn api_tests(workspace: &Workspace) -> Cmd<'_> {
    let shell = &workspace.shell;
    cmd!(shell, "cargo test --locked -p heapbeacon-host --test api")
}

/// Returns what runs the API tests against a running agent. A token of the user's own comes from the environment.
fn api_of<'w>(workspace: &'w Workspace, url: &str) -> Cmd<'w> {
    api_tests(workspace).env("HEAPBEACON_URL", url)
}

fn openapi(workspace: &Workspace, _url: Option<&str>) -> Result<Tally> {
    let schemathesis = system::ensure_schemathesis(workspace)?;
    agent::build(workspace)?;
    let agent = Agent::start(workspace, &[])?;
    let document = format!("{}/api/v1/openapi.yaml", agent.url());
    let config = workspace.path("xtask/schemathesis.toml");
    let shell = &workspace.shell;
    // It leaves a database of its examples where it runs.
    let _folder = shell.push_dir(workspace.python("schemathesis"));
    Tally::of_step(cmd!(
        shell,
        "{schemathesis} --config-file {config} run {document} --max-examples 50 --seed 1 --no-color"
    ))
}

fn browser(workspace: &Workspace, _url: Option<&str>) -> Result<Tally> {
    let browser = [system::CHROMIUM, system::CHROMEDRIVER];
    let proxy = [system::NGINX, system::OPENSSL, system::CURL];
    system::ensure_programs(workspace, &[&browser[..], &proxy].concat())?;
    let axe = system::ensure_axe(workspace)?;
    let bundle = dashboard::build(workspace)?;
    let shell = &workspace.shell;
    // Most of the time they wait for a leak to show.
    let test = cmd!(
        shell,
        "cargo test --locked -p heapbeacon-host --test browser -- --test-threads=4"
    );
    // For people to look at; the README shows one of them.
    let screenshots = workspace.path("target/screenshots");
    Tally::of_cargo_test(
        test.env("HEAPBEACON_DASHBOARD", bundle)
            .env("HEAPBEACON_AXE", axe)
            .env("HEAPBEACON_SCREENSHOTS", screenshots),
    )
}

fn qemu(workspace: &Workspace, _url: Option<&str>) -> Result<Tally> {
    let programs = [
        system::QEMU,
        system::GO,
        system::CHROMIUM,
        system::CHROMEDRIVER,
    ];
    let network = [
        system::AVAHI,
        system::AVAHI_BROWSE,
        system::CURL,
        system::DBUS,
        system::IP,
    ];
    system::ensure_programs(workspace, &[&programs[..], &network].concat())?;
    let elf = qemu::build_tested(workspace)?;
    let machine = Machine::boot(workspace, &elf)?;
    let mut tally = Tally::of_cargo_test(api_of(workspace, machine.url()))?;
    drop(machine);
    let shell = &workspace.shell;
    // One machine at a time: two cores are not enough for more and a browser.
    let test = cmd!(
        shell,
        "cargo test --locked -p heapbeacon-host --test qemu -- --test-threads=1"
    );
    tally += Tally::of_cargo_test(test.env("HEAPBEACON_QEMU_ELF", elf).env(
        "HEAPBEACON_SCREENSHOTS",
        workspace.path("target/screenshots"),
    ))?;
    Ok(tally)
}

/// Returns the names of the Rust files in a folder, without their extension.
fn rust_files(workspace: &Workspace, folder: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(workspace.path(folder))? {
        let path = entry?.path();
        if let (Some("rs"), Some(stem)) =
            (path.extension().and_then(|e| e.to_str()), path.file_stem())
        {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    if names.is_empty() {
        bail!("there is nothing to run in {folder}");
    }
    names.sort_unstable();
    Ok(names)
}
