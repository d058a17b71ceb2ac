//! Keys and signatures of updates: in a package of their own, so that xtask itself is compiled at once.

use std::env;
use std::ffi::OsString;

use anyhow::Result;
use xshell::cmd;

use crate::workspace::Workspace;

/// Makes a key, or signs an image; paths are as whoever asks has them.
///
/// # Errors
/// When the arguments are wrong, or a file can't be read or written.
pub(crate) fn run(workspace: &Workspace, words: &[OsString]) -> Result<()> {
    let shell = &workspace.shell;
    let manifest = workspace.path("Cargo.toml");
    let _here = shell.push_dir(env::current_dir()?);
    let run = cmd!(
        shell,
        "cargo run --quiet --release --manifest-path {manifest} --package heapbeacon-signing -- {words...}"
    );
    run.quiet().run()?;
    Ok(())
}
