//! What can be said about the source without running it.

use anyhow::{Context, Result};
use xshell::cmd;

use crate::workspace::Workspace;
use crate::{deny, esp32, firmware, imports, toolchain};

/// A library, with each set of features that is supported.
pub(crate) struct Library {
    pub(crate) package: &'static str,
    /// The last one has all of them.
    feature_sets: &'static [&'static str],
    /// The sets whose tests are not all among those of a larger one.
    pub(crate) tested_sets: &'static [&'static str],
    /// The sets that a device is built with.
    device_sets: &'static [&'static str],
}

pub(crate) const SHARED: Library = Library {
    package: "heapbeacon-shared",
    feature_sets: &["", "alloc", "symbols"],
    tested_sets: &["symbols"],
    // Tools and firmware with a heap may judge traces, too.
    device_sets: &["", "alloc"],
};

pub(crate) const AGENT: Library = Library {
    package: "heapbeacon",
    feature_sets: &[
        "tracing",
        "http",
        "update",
        "provisioning",
        "tracing,http",
        "mdns",
        "flash,functions,http,mdns,provisioning,tracing,update",
    ],
    tested_sets: &[
        "http",
        "flash,functions,http,mdns,provisioning,tracing,update",
    ],
    device_sets: &[
        "tracing",
        "tracing,http",
        "flash,functions,http,mdns,provisioning,tracing,update",
    ],
};

/// The dashboard's worker. Without `elf` it is a part of the page, and is checked with that.
pub(crate) const WORKER: Library = Library {
    package: "heapbeacon-worker",
    feature_sets: &["elf"],
    tested_sets: &["elf"],
    device_sets: &[],
};

/// What boards share beside the agent itself.
pub(crate) const BOARD_LIBRARIES: [Library; 4] = [
    Library {
        package: "heapbeacon-c",
        feature_sets: &["", "runtime"],
        tested_sets: &["runtime"],
        // Without a Rust firmware around it, it needs the rest.
        device_sets: &["runtime"],
    },
    Library {
        package: "heapbeacon-dashboard-bundle",
        feature_sets: &[""],
        tested_sets: &[],
        device_sets: &[""],
    },
    Library {
        package: "heapbeacon-demo",
        feature_sets: &[""],
        tested_sets: &[""],
        device_sets: &[""],
    },
    Library {
        package: "heapbeacon-pool",
        feature_sets: &[""],
        tested_sets: &[""],
        device_sets: &[""],
    },
];

/// What runs on a desktop only.
const PROGRAMS: [&str; 5] = [
    "heapbeacon-bundle",
    "heapbeacon-host",
    "heapbeacon-dashboard",
    "heapbeacon-signing",
    "xtask",
];

/// Runs all checks and stops at the first that fails.
///
/// Packages are built one at a time: together their features would add up, and a missing one would not show.
///
/// # Errors
/// When one fails.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    toolchain::ensure_linters(workspace)?;
    let shell = &workspace.shell;
    cmd!(shell, "cargo fmt --all --check")
        .run()
        .context("not formatted: run `cargo fmt --all`")?;
    imports::check(workspace)?;
    deny::check(workspace)?;
    for library in [&SHARED, &AGENT, &WORKER]
        .into_iter()
        .chain(&BOARD_LIBRARIES)
    {
        check_library(workspace, library)?;
    }
    for package in PROGRAMS {
        lint(workspace, &["-p", package, "--all-targets"])?;
        document(workspace, &["-p", package])?;
    }
    let untraced = ["-p", "heapbeacon-host", "--no-default-features"];
    lint(workspace, &[&untraced[..], &["--all-targets"]].concat())?;
    toolchain::ensure_target(workspace, toolchain::WASM)?;
    for page_or_worker in [
        &["-p", "heapbeacon-dashboard"][..],
        &["-p", "heapbeacon-worker", "--features", "elf"],
    ] {
        lint(
            workspace,
            &[page_or_worker, &["--target", toolchain::WASM]].concat(),
        )?;
    }
    // It is a workspace of its own, so that nobody else waits for its crates.
    lint(
        workspace,
        &["--manifest-path", esp32::IMAGE_TOOL, "--all-targets"],
    )?;
    firmware::check(workspace)?;
    if toolchain::has_nightly_source(workspace) {
        return firmware::check_xtensa(workspace);
    }
    println!(
        "Skipped: the check for the ESP32-S3. It needs `rustup toolchain install {} -c rust-src`.",
        toolchain::NIGHTLY
    );
    Ok(())
}

/// What says how atomic operations are made on a chip without them, where a dependency of `domain` has some. In a firmware, its HAL does.
const ONE_CORE: &str = "--cfg=portable_atomic_unsafe_assume_single_core";

fn check_library(workspace: &Workspace, library: &Library) -> Result<()> {
    let package = library.package;
    let chosen = |features| {
        [
            "-p",
            package,
            "--no-default-features",
            "--features",
            features,
        ]
    };
    for features in library.feature_sets {
        lint(
            workspace,
            &[&chosen(features)[..], &["--all-targets"]].concat(),
        )?;
    }
    if let Some(all) = library.feature_sets.last() {
        document(workspace, &chosen(all))?;
    }
    let shell = &workspace.shell;
    for target in toolchain::DEVICES {
        toolchain::ensure_target(workspace, target)?;
        for features in library.device_sets {
            cmd!(shell, "cargo check --locked -p {package} --no-default-features --features {features} --target {target}")
                .args(["--config", &format!("target.{target}.rustflags = [\"{ONE_CORE}\"]")])
                .run()
                .with_context(|| format!("{package} with the features `{features}` does not build for {target}"))?;
        }
    }
    Ok(())
}

fn lint(workspace: &Workspace, what: &[&str]) -> Result<()> {
    let shell = &workspace.shell;
    cmd!(shell, "cargo clippy --locked {what...} -- -D warnings").run()?;
    Ok(())
}

fn document(workspace: &Workspace, what: &[&str]) -> Result<()> {
    let shell = &workspace.shell;
    let _warnings = shell.push_env("RUSTDOCFLAGS", "-D warnings");
    cmd!(shell, "cargo doc --locked --no-deps {what...}").run()?;
    Ok(())
}
