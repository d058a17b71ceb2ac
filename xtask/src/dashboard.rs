//! The dashboard's bundle: built, and weighed.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use xshell::cmd;

use crate::tools;
use crate::workspace::Workspace;

/// All files together, each compressed with gzip as the agent serves it.
const BUDGET_BYTES: u64 = 360_000;

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

/// Builds the release bundle and prints what each file weighs.
///
/// # Errors
/// When it does not build, or is heavier than the budget.
pub(crate) fn size(workspace: &Workspace) -> Result<()> {
    let bundle = build(workspace)?;
    let mut total = 0;
    println!("{:>9}  file, bytes after gzip", "");
    for entry in fs::read_dir(&bundle)? {
        let path = entry?.path();
        let bytes = gzip_bytes(&path).with_context(|| format!("cannot read {}", path.display()))?;
        println!("{bytes:>9}  {}", path.strip_prefix(&bundle)?.display());
        total += bytes;
    }
    println!("{total:>9}  all files; the budget is {BUDGET_BYTES}");
    if total > BUDGET_BYTES {
        bail!(
            "the dashboard is {} bytes over its budget",
            total - BUDGET_BYTES
        );
    }
    Ok(())
}

fn gzip_bytes(path: &Path) -> io::Result<u64> {
    let mut encoder = GzEncoder::new(Counter(0), Compression::best());
    io::copy(&mut File::open(path)?, &mut encoder)?;
    Ok(encoder.finish()?.0)
}

/// Counts what is written to it.
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
