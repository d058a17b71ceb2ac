//! What is built in the second workspace, for chips.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::cmd;

use crate::toolchain;
use crate::workspace::Workspace;

/// Where the workspace is, from the top folder.
const FOLDER: &str = "agent/firmware";

/// What is checked: a package, its features, and the target that it is for.
const CHECKED: [(&str, &str, &str); 6] = [
    ("heapbeacon-embassy", "demo", "riscv32imac-unknown-none-elf"),
    (
        "heapbeacon-qemu-virt",
        "unwind",
        "riscv32imac-unknown-none-elf",
    ),
    (
        "heapbeacon-esp32",
        "firmware,esp32c3",
        "riscv32imc-unknown-none-elf",
    ),
    (
        "heapbeacon-esp32",
        "firmware,esp32c6",
        "riscv32imac-unknown-none-elf",
    ),
    (
        "heapbeacon-esp32-bare",
        "esp32c3",
        "riscv32imc-unknown-none-elf",
    ),
    (
        "heapbeacon-esp32-bare",
        "esp32c6",
        "riscv32imac-unknown-none-elf",
    ),
];

/// A program for a chip.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    pub(crate) package: &'static str,
    /// Its name; that of an example begins with `examples/`, as does its place among the results.
    pub(crate) binary: &'static str,
    pub(crate) features: &'static str,
    pub(crate) target: &'static str,
}

/// Checks format, lints and documentation of the workspace, each package for a chip that it is for.
///
/// # Errors
/// When one fails.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    let results = target_folder(workspace);
    let _folder = shell.push_dir(workspace.path(FOLDER));
    cmd!(shell, "cargo fmt --all --check")
        .run()
        .with_context(|| format!("not formatted: run `cargo fmt --all` in {FOLDER}"))?;
    let _warnings = shell.push_env("RUSTDOCFLAGS", "-D warnings");
    for (package, features, target) in CHECKED {
        toolchain::ensure_target(workspace, target)?;
        let chosen = [
            "--locked",
            "--package",
            package,
            "--features",
            features,
            "--target",
            target,
        ];
        for targets in [None, Some("--examples")] {
            cmd!(
                shell,
                "cargo clippy --target-dir {results} {chosen...} {targets...} -- -D warnings"
            )
            .run()?;
        }
        cmd!(
            shell,
            "cargo doc --no-deps --target-dir {results} {chosen...}"
        )
        .run()?;
    }
    Ok(())
}

/// Builds a program as it is released, with the dashboard of a folder in it if there is one, and returns its ELF.
///
/// # Errors
/// When the target can't be installed, or the program does not build.
pub(crate) fn build(
    workspace: &Workspace,
    program: &Program,
    dashboard: Option<&Path>,
) -> Result<PathBuf> {
    let Program {
        package,
        binary,
        features,
        target,
    } = program;
    toolchain::ensure_target(workspace, target)?;
    let shell = &workspace.shell;
    let results = target_folder(workspace);
    let chosen = match binary.strip_prefix("examples/") {
        Some(example) => ["--example", example],
        None => ["--bin", binary],
    };
    // Cargo reads `.cargo/config.toml` of the folder it stands in, not of the manifest's.
    let _folder = shell.push_dir(workspace.path(FOLDER));
    let build = cmd!(
        shell,
        "cargo build --locked --release --package {package} {chosen...} --features {features} --target {target}"
    );
    let build = build.arg("--target-dir").arg(&results);
    let build = match dashboard {
        Some(folder) => build.env("HEAPBEACON_DASHBOARD", folder),
        None => build.env_remove("HEAPBEACON_DASHBOARD"),
    };
    build
        .run()
        .with_context(|| format!("{binary} does not build"))?;
    Ok(results.join(target).join("release").join(binary))
}

/// Type-checks the library for the ESP32-S3, whose compiler Rust has only half of: there are warnings.
///
/// # Errors
/// When it has an error.
pub(crate) fn check_xtensa(workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    let results = target_folder(workspace);
    let nightly = format!("+{}", toolchain::NIGHTLY);
    let _folder = shell.push_dir(workspace.path(FOLDER));
    let check = cmd!(
        shell,
        "cargo {nightly} check --quiet --locked --package heapbeacon-esp32 --features esp32s3 --target xtensa-esp32s3-none-elf"
    );
    check
        .args(["-Zbuild-std=core,alloc", "--target-dir"])
        .arg(results)
        .run()
        .context("heapbeacon-esp32 has errors for the ESP32-S3")
}

/// The results of both workspaces may lie in one folder: their targets and profiles differ.
fn target_folder(workspace: &Workspace) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(
        || workspace.path(FOLDER).join("target"),
        |folder| workspace.path("").join(folder),
    )
}
