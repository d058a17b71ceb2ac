//! The dashboard's bundle: built, packed, and weighed.

use std::path::PathBuf;

use anyhow::{Context, Error, Result, bail};
use heapbeacon_bundle::{Effort, File};
use xshell::cmd;

use crate::tools;
use crate::workspace::Workspace;

/// All files together, each compressed with gzip as a device holds and serves it.
const ALL_BYTES: usize = 532_000;

/// Those that are loaded before the page shows anything.
const FIRST_BYTES: usize = 426_000;

/// What the names of files have in common that are loaded once there is an ELF.
const WORKER: &str = "worker";

/// Where the crate `heapbeacon-dashboard-bundle` has the packed files.
const PACKED: &str = "agent/dashboard-bundle/files";

/// Builds the release bundle and returns its folder.
///
/// # Errors
/// When a tool cannot be installed or the dashboard does not build.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    tools::ensure_dashboard_tools(workspace)?;
    let shell = &workspace.shell;
    cmd!(shell, "trunk build --release")
        .run()
        .context("the dashboard does not build")?;
    Ok(workspace.path("target/dashboard"))
}

/// Builds the release bundle, packs it into the crate that brings it to firmware, and returns its files.
///
/// # Errors
/// When it does not build.
pub(crate) fn build_packed(workspace: &Workspace) -> Result<Vec<File>> {
    let bundle = build(workspace)?;
    let files = heapbeacon_bundle::load(&bundle, Effort::Thorough).map_err(Error::msg)?;
    heapbeacon_bundle::embed(&files, &workspace.path(PACKED))
        .with_context(|| format!("the packed dashboard can't be written to {PACKED}"))?;
    Ok(files)
}

/// Builds and packs the release bundle, and says where it is.
///
/// # Errors
/// When it does not build.
pub(crate) fn print_build(workspace: &Workspace) -> Result<()> {
    build_packed(workspace)?;
    println!(
        "dashboard, for any web server: {}; for firmware, in heapbeacon-dashboard-bundle: {PACKED}",
        workspace.path("target/dashboard").display()
    );
    Ok(())
}

/// Builds the release bundle and prints what each file weighs.
///
/// # Errors
/// When it does not build, or is heavier than the budget.
pub(crate) fn size(workspace: &Workspace) -> Result<()> {
    let (mut first, mut all) = (0, 0);
    println!("{:>9}  file, bytes after gzip", "");
    for file in build_packed(workspace)? {
        let bytes = file.gzip.len();
        println!("{bytes:>9}  {}", file.path);
        all += bytes;
        if !file.path.contains(WORKER) {
            first += bytes;
        }
    }
    println!("{first:>9}  files that are loaded at first; the budget is {FIRST_BYTES}");
    println!("{all:>9}  all files; the budget is {ALL_BYTES}");
    for (bytes, budget) in [(first, FIRST_BYTES), (all, ALL_BYTES)] {
        if bytes > budget {
            bail!("the dashboard is {} bytes over its budget", bytes - budget);
        }
    }
    Ok(())
}
