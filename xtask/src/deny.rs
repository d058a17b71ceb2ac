//! Licences and sources of dependencies, as deny.toml allows them.

use anyhow::{Context, Result};
use xshell::cmd;

use crate::firmware::BOARDS;
use crate::system;
use crate::workspace::Workspace;

/// What is checked. Advisories are not: their database is no package of a registry, and builds download from nowhere else.
const CHECKS: [&str; 3] = ["bans", "licenses", "sources"];

/// Checks the dependencies of both workspaces.
///
/// # Errors
/// When one is not allowed, or cargo-deny can't be installed.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let deny = system::ensure_deny(workspace)?;
    let shell = &workspace.shell;
    let config = workspace.path("deny.toml");
    for folder in ["", BOARDS] {
        let manifest = workspace.path(folder).join("Cargo.toml");
        cmd!(
            shell,
            "{deny} --locked --manifest-path {manifest} --config {config} check"
        )
        .args(CHECKS)
        .run()
        .with_context(|| format!("a dependency of {} is not allowed", manifest.display()))?;
    }
    Ok(())
}
