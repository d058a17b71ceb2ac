//! The agent as a Linux process.

use anyhow::{Context, Result};
use xshell::{Cmd, cmd};

use crate::background::Background;
use crate::workspace::Workspace;

/// Builds the agent that [`command`] runs.
///
/// # Errors
/// When it does not build.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    cmd!(shell, "cargo build -p heapbeacon-host --release --locked")
        .run()
        .context("the agent does not build")
}

/// Returns the command that runs the agent on the loopback interface. On Unix, cargo turns into the agent, so that
/// ending the one ends the other.
pub(crate) fn command(workspace: &Workspace, port: u16) -> Cmd<'_> {
    let shell = &workspace.shell;
    let address = format!("127.0.0.1:{port}");
    cmd!(
        shell,
        "cargo run -p heapbeacon-host --release --locked --quiet -- --listen {address}"
    )
}

/// An agent that runs until this value goes.
pub(crate) struct Agent {
    url: String,
    _process: Background,
}

impl Agent {
    /// Starts an agent with these options, on a free port, and waits until it listens.
    ///
    /// # Errors
    /// When it ends before that.
    pub(crate) fn start(workspace: &Workspace, options: &[&str]) -> Result<Self> {
        let command = command(workspace, 0).args(options);
        let (process, url) = Background::start(command, |line| {
            line.strip_prefix("listening on ").map(str::to_owned)
        })
        .context("the agent does not listen")?;
        Ok(Self {
            url,
            _process: process,
        })
    }

    /// Returns where the agent listens, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}
