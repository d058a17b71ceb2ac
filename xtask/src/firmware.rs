//! What is built in the second workspace, for chips.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use xshell::{Cmd, cmd};

use crate::toolchain;
use crate::workspace::Workspace;

/// The workspace of all boards, from the top folder.
pub(crate) const BOARDS: &str = "agent/firmware";
/// A firmware of somebody's own, which is no member of that workspace.
pub(crate) const EXAMPLE: &str = "agent/firmware/esp32/examples/minimal";

/// What is checked.
const CHECKED: [Package; 26] = [
    Package::new("heapbeacon-embassy", BOARDS, "", IMAC),
    Package::new("heapbeacon-embassy", BOARDS, "http", IMAC),
    Package::new("heapbeacon-embassy", BOARDS, "default", IMAC),
    Package::new("heapbeacon-embassy", BOARDS, "mdns", IMAC),
    Package::new("heapbeacon-embassy-demo", BOARDS, "", IMAC),
    Package::new(
        "heapbeacon-qemu-virt",
        BOARDS,
        "mdns,unwind,esp-alloc",
        IMAC,
    ),
    Package::new("heapbeacon-esp-alloc", BOARDS, "esp32c3", IMC),
    Package::new("heapbeacon-esp32", BOARDS, "esp32c3", IMC),
    Package::new("heapbeacon-esp32", BOARDS, "esp32c3,http", IMC),
    Package::new("heapbeacon-esp32", BOARDS, "esp32c3,mdns", IMC),
    Package::new("heapbeacon-esp32", BOARDS, "esp32c3,symbols", IMC),
    Package::new("heapbeacon-esp32", BOARDS, "esp32c3,functions", IMC),
    Package::new("heapbeacon-esp32", BOARDS, "esp32c3,update", IMC),
    Package::new("heapbeacon-esp32", BOARDS, "esp32c3,provisioning", IMC),
    Package::new(
        "heapbeacon-esp32",
        BOARDS,
        "esp32c3,task-names,tracing",
        IMC,
    ),
    Package::new("heapbeacon-esp32", BOARDS, "esp32c3,default", IMC),
    Package::new("heapbeacon-esp32", BOARDS, "esp32c6,default", IMAC),
    Package::new("heapbeacon-esp32-bare", BOARDS, "esp32c3", IMC),
    Package::new("heapbeacon-esp32-bare", BOARDS, "esp32c3,http,tracing", IMC),
    Package::new("heapbeacon-esp32-bare", BOARDS, "esp32c2,http,tracing", IMC),
    Package::new("heapbeacon-esp32-demo", BOARDS, "esp32c3", IMC),
    Package::new("heapbeacon-esp32-demo", BOARDS, "esp32c5", IMAC),
    Package::new("heapbeacon-esp32-demo", BOARDS, "esp32c6", IMAC),
    Package::new("heapbeacon-esp32-demo", BOARDS, "esp32c61", IMAC),
    Package::new("minimal", EXAMPLE, "esp32c3", IMC),
    Package::new("minimal", EXAMPLE, "esp32c6", IMAC),
];

/// The targets of the ESP32-C3, and of the ESP32-C6 and QEMU's machine, which have atomics.
pub(crate) const IMC: &str = "riscv32imc-unknown-none-elf";
pub(crate) const IMAC: &str = "riscv32imac-unknown-none-elf";

/// A package for a chip.
#[derive(Clone, Copy)]
pub(crate) struct Package {
    name: &'static str,
    /// Where its workspace is, from the top folder.
    folder: &'static str,
    features: &'static str,
    /// Further features.
    more: &'static str,
    target: &'static str,
    /// Whether the library is made small rather than quick.
    is_small: bool,
}

/// The setting of cargo for that.
const SMALL: [&str; 2] = [
    "--config",
    "profile.release.package.heapbeacon-esp32.opt-level=\"z\"",
];

/// A program for a chip.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    pub(crate) package: Package,
    pub(crate) binary: &'static str,
}

/// Checks format, lints and documentation of everything for chips, each package for a chip that it is for.
///
/// # Errors
/// When one fails.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    for folder in [BOARDS, EXAMPLE] {
        let manifest = workspace.path(folder).join("Cargo.toml");
        cmd!(shell, "cargo fmt --all --check --manifest-path {manifest}")
            .run()
            .with_context(|| format!("not formatted: run `cargo fmt --all` in {folder}"))?;
    }
    let _warnings = shell.push_env("RUSTDOCFLAGS", "-D warnings");
    for package in CHECKED {
        toolchain::ensure_target(workspace, package.target)?;
        package
            .cargo(workspace, "clippy")
            .args(["--", "-D", "warnings"])
            .run()?;
        package.cargo(workspace, "doc").arg("--no-deps").run()?;
    }
    Ok(())
}

/// Builds a program as it is released, and returns its ELF.
///
/// # Errors
/// When the target can't be installed, or the program does not build.
pub(crate) fn build(
    workspace: &Workspace,
    Program { package, binary }: Program,
) -> Result<PathBuf> {
    toolchain::ensure_target(workspace, package.target)?;
    package
        .cargo(workspace, "build")
        .args(["--release", "--bin", binary])
        .run()
        .with_context(|| format!("{binary} does not build"))?;
    let results = target_folder(workspace).join(package.target);
    Ok(results.join("release").join(binary))
}

impl Package {
    pub(crate) const fn new(
        name: &'static str,
        folder: &'static str,
        features: &'static str,
        target: &'static str,
    ) -> Self {
        Self {
            name,
            folder,
            features,
            more: "",
            target,
            is_small: false,
        }
    }

    /// Makes what it has of HeapBeacon small, at the price of twice the instructions in a hook.
    pub(crate) fn small(self) -> Self {
        Self {
            is_small: true,
            ..self
        }
    }

    /// Adds features.
    pub(crate) fn with(self, more: &'static str) -> Self {
        Self { more, ..self }
    }

    /// Returns a command of cargo for it.
    ///
    /// Cargo reads `.cargo/config.toml` of the folder it stands in and of those around it: stands it at the top, an
    /// example gets no flags but its own.
    fn cargo<'w>(&self, workspace: &'w Workspace, command: &str) -> Cmd<'w> {
        let Self {
            name,
            folder,
            features,
            more,
            target,
            is_small,
        } = self;
        let small = is_small.then_some(SMALL).into_iter().flatten();
        let shell = &workspace.shell;
        let results = target_folder(workspace);
        let folder = workspace.path(folder);
        let manifest = folder.join("Cargo.toml");
        let config = folder.join(".cargo/config.toml");
        cmd!(
            shell,
            "cargo {command} --locked --manifest-path {manifest} --config {config} --package {name} --no-default-features --features {features} --features {more} --target {target} --target-dir {results} {small...}"
        )
    }
}

/// Type-checks the library for the ESP32-S3, whose compiler Rust has only half of: there are warnings.
///
/// # Errors
/// When it has an error.
pub(crate) fn check_xtensa(workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    let results = target_folder(workspace);
    let nightly = format!("+{}", toolchain::NIGHTLY);
    let _folder = shell.push_dir(workspace.path(BOARDS));
    let check = cmd!(
        shell,
        "cargo {nightly} check --quiet --locked --package heapbeacon-esp32 --features esp32s3 --target xtensa-esp32s3-none-elf"
    );
    check
        // Call stacks of Xtensa need no frame pointers, and a compiler without Espressif's patches has none to give.
        .env("RUSTFLAGS", "")
        .args(["-Zbuild-std=core,alloc", "--target-dir"])
        .arg(results)
        .run()
        .context("heapbeacon-esp32 has errors for the ESP32-S3")
}

/// The results of both workspaces may lie in one folder: their targets and profiles differ.
pub(crate) fn target_folder(workspace: &Workspace) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(
        || workspace.path(BOARDS).join("target"),
        |folder| workspace.path("").join(folder),
    )
}
