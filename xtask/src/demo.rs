//! From a fresh clone to a page that shows a heap, in one command.

use std::env;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{agent, dashboard, tools};

/// Where `trunk serve` serves a dashboard that talks to the demo's agent, as Trunk.toml has it.
const TRUNK_SERVE: &str = "http://127.0.0.1:8081";

/// How the demo is served.
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) open: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 8080,
            open: true,
        }
    }
}

/// Installs what is missing, builds, and becomes the agent: whatever ends this process ends the demo.
///
/// # Errors
/// When the port is taken, a tool cannot be installed, or something does not build.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let started = Instant::now();
    refuse_taken(options.port)?;
    progress(1, "tools: the wasm32 target, Trunk, wasm-bindgen");
    tools::ensure_dashboard_tools(workspace)?;
    progress(2, "dashboard");
    let bundle = dashboard::build(workspace)?;
    progress(3, "agent");
    agent::build(workspace)?;
    let url = format!("http://127.0.0.1:{}", options.port);
    progress(4, &format!("ready after {} s", started.elapsed().as_secs()));
    announce(workspace, options.port, &url);
    if options.open {
        leave_opener_behind(&url)?;
    }
    let serve = agent::command(workspace, options.port)
        .arg("--dashboard")
        .arg(bundle)
        .args(["--start", "leaks", "--allow-origin", TRUNK_SERVE]);
    Err(Command::from(serve).exec()).context("the agent does not start")
}

/// Waits until something listens where `url` points, then opens it in the browser if the system has a way to.
///
/// # Errors
/// When nothing listens there within ten seconds.
pub(crate) fn open_when_ready(url: &str) -> Result<()> {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let patience = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(address).is_err() {
        if Instant::now() > patience {
            bail!("nothing listens on {address}");
        }
        thread::sleep(Duration::from_millis(50));
    }
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    // A machine without a browser is not an error: the address is on the screen.
    let _ = Command::new(opener)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    Ok(())
}

/// Refuses a port that another program listens on.
///
/// # Errors
/// With what to do instead, if it is taken.
pub(crate) fn refuse_taken(port: u16) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => bail!(
            "port {port} is taken by another program: end it, or choose another port, such as `--port {}`",
            port.checked_add(10).unwrap_or(8090)
        ),
        Err(error) => Err(error).with_context(|| format!("cannot listen on port {port}")),
        Ok(_) => Ok(()),
    }
}

fn announce(workspace: &Workspace, port: u16, url: &str) {
    println!("\n  HeapBeacon: {url}\n\n  Tracing is on. Ctrl-C ends it.");
    if port == Options::default().port {
        let bin = workspace.tools().join("bin");
        println!(
            "  To work on the dashboard, in a second terminal: PATH=\"{}:$PATH\" trunk serve, and open {TRUNK_SERVE}",
            bin.display()
        );
    }
    println!();
}

/// This process is about to become the agent, so somebody else has to wait for it.
fn leave_opener_behind(url: &str) -> Result<()> {
    let opener = Command::new(env::current_exe()?)
        .args(["open", url])
        .stderr(Stdio::null())
        .spawn();
    opener
        .map(drop)
        .context("cannot start the browser's opener")
}

fn progress(step: u32, what: &str) {
    println!("[{step}/4] {what}");
}
