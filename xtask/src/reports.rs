//! Commands that know the API's types: they are in a package of their own, so that xtask itself is compiled at once.

use anyhow::Result;
use xshell::cmd;

use crate::workspace::Workspace;

/// Tells what each leak of the answers on standard input is.
///
/// # Errors
/// When a line is no answer.
pub(crate) fn verdict(workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    let manifest = workspace.path("Cargo.toml");
    cmd!(
        shell,
        "cargo run --quiet --release --manifest-path {manifest} --package heapbeacon-reports -- verdict"
    )
    .quiet()
    .run()?;
    Ok(())
}
