//! What is built in the second workspace, for chips.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::cmd;

use crate::toolchain;
use crate::workspace::Workspace;

/// Where the workspace is, from the top folder.
const FOLDER: &str = "agent/firmware";

/// A program for a chip.
pub(crate) struct Program {
    pub(crate) package: &'static str,
    pub(crate) binary: &'static str,
    pub(crate) features: &'static str,
    pub(crate) target: &'static str,
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
    // Cargo reads `.cargo/config.toml` of the folder it stands in, not of the manifest's.
    let _folder = shell.push_dir(workspace.path(FOLDER));
    let build = cmd!(
        shell,
        "cargo build --locked --release --package {package} --bin {binary} --features {features} --target {target}"
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

/// The results of both workspaces may lie in one folder: their targets and profiles differ.
fn target_folder(workspace: &Workspace) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(
        || workspace.path(FOLDER).join("target"),
        |folder| workspace.path("").join(folder),
    )
}
