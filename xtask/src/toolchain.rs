//! What rustup provides. Everything is asked for by name: with `RUSTUP_AUTO_INSTALL=0` a missing target
//! or toolchain is not fetched by itself.

use std::path::Path;

use anyhow::{Context, Result};
use xshell::cmd;

use crate::workspace::Workspace;

/// The browser's target.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// The ESP32-C3's and the ESP32-C6's targets. Neither has `std`, so a build for them proves `no_std`.
pub(crate) const DEVICES: [&str; 2] = [
    "riscv32imc-unknown-none-elf",
    "riscv32imac-unknown-none-elf",
];

/// The toolchain for Miri, which only a nightly has. Dated, so that it is the same everywhere.
pub(crate) const NIGHTLY: &str = "nightly-2026-10-01";

/// Makes sure that a target's standard library is installed.
///
/// # Errors
/// When it is missing and rustup cannot add it.
pub(crate) fn ensure_target(workspace: &Workspace, target: &str) -> Result<()> {
    let shell = &workspace.shell;
    let library = cmd!(shell, "rustc --print target-libdir --target {target}")
        .quiet()
        .read()?;
    if Path::new(&library).exists() {
        return Ok(());
    }
    cmd!(shell, "rustup target add {target}")
        .run()
        .with_context(|| format!("Rust's target {target} is missing and could not be added"))
}

/// Makes sure that rustfmt and Clippy are installed.
///
/// # Errors
/// When one is missing and rustup cannot add it.
pub(crate) fn ensure_linters(workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    let present = ["cargo-fmt", "cargo-clippy"].iter().all(|tool| {
        cmd!(shell, "{tool} --version")
            .quiet()
            .ignore_stdout()
            .ignore_stderr()
            .run()
            .is_ok()
    });
    if present {
        return Ok(());
    }
    cmd!(shell, "rustup component add rustfmt clippy")
        .run()
        .context("rustfmt or Clippy is missing and could not be added")
}

/// Makes sure that the nightly toolchain with Miri is installed.
///
/// # Errors
/// When it is missing and rustup cannot install it.
pub(crate) fn ensure_nightly(workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    let nightly = format!("+{NIGHTLY}");
    let present = cmd!(shell, "cargo {nightly} miri --version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr();
    if present.run().is_ok() {
        return Ok(());
    }
    cmd!(
        shell,
        "rustup toolchain install {NIGHTLY} --profile minimal -c miri -c rust-src"
    )
    .run()
    .with_context(|| format!("the toolchain {NIGHTLY} is missing and could not be installed"))
}

/// Checks whether the nightly toolchain is installed, with the source of the standard library.
pub(crate) fn has_nightly_source(workspace: &Workspace) -> bool {
    let shell = &workspace.shell;
    let nightly = format!("+{NIGHTLY}");
    let root = cmd!(shell, "rustc {nightly} --print sysroot")
        .quiet()
        .ignore_stderr()
        .read();
    root.is_ok_and(|root| {
        Path::new(&root)
            .join("lib/rustlib/src/rust/library")
            .exists()
    })
}
