//! The agent as a Linux process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, anyhow};
use xshell::{Cmd, cmd};

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
    process: Child,
    url: String,
}

impl Agent {
    /// Starts an agent on a free port and waits until it listens.
    ///
    /// # Errors
    /// When it ends before that.
    pub(crate) fn start(workspace: &Workspace) -> Result<Self> {
        let mut process = Command::from(command(workspace, 0))
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().context("the agent has no output")?;
        let url = BufReader::new(output)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("listening on ").map(str::to_owned))
            .ok_or_else(|| anyhow!("the agent ended before it listened"))?;
        Ok(Self { process, url })
    }

    /// Returns where the agent listens, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
