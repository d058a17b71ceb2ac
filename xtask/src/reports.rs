//! Commands that know the API's types: they are in a package of their own, so that xtask itself is compiled at once.

use std::path::{self, Path};

use anyhow::Result;
use xshell::{Cmd, cmd};

use crate::workspace::Workspace;

/// Tells what each leak of the answers on standard input is.
///
/// # Errors
/// When a line is no answer.
pub(crate) fn verdict(workspace: &Workspace) -> Result<()> {
    report(workspace).arg("verdict").run()?;
    Ok(())
}

/// Names the addresses in the text on standard input.
///
/// # Errors
/// When the file has no symbols.
pub(crate) fn symbolize(workspace: &Workspace, elf: &Path) -> Result<()> {
    // The shell stands at the top of the repository, whoever asks somewhere else.
    let elf = path::absolute(elf)?;
    report(workspace).arg("symbolize").arg(elf).run()?;
    Ok(())
}

fn report(workspace: &Workspace) -> Cmd<'_> {
    let shell = &workspace.shell;
    let manifest = workspace.path("Cargo.toml");
    let run = cmd!(
        shell,
        "cargo run --quiet --release --manifest-path {manifest} --package heapbeacon-reports --"
    );
    run.quiet()
}
