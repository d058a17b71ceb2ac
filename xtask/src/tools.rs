//! Programs from the crate registry, built into a tool folder of their own.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};

use anyhow::{Context, Result, bail};
use xshell::cmd;

use crate::toolchain;
use crate::workspace::Workspace;

/// The last Trunk that Rust 1.95 can build.
const TRUNK: &str = "0.21.14";

/// What changes code to see whether a test notices.
const MUTANTS: &str = "27.1.0";

/// A program that `cargo install` provides.
struct Tool {
    package: &'static str,
    program: &'static str,
    version: String,
    /// What makes this one quick to build and still quick enough to run.
    options: &'static [&'static str],
}

/// Installs the tools, then says how to use them without xtask.
///
/// # Errors
/// When one cannot be installed.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    ensure_dashboard_tools(workspace)?;
    let bin = workspace.tools().join("bin");
    println!(
        "To use Trunk yourself:\n  export PATH=\"{}:$PATH\"\n  trunk serve",
        bin.display()
    );
    Ok(())
}

/// Makes sure that everything is there that builds the dashboard.
///
/// # Errors
/// When something is missing and cannot be installed.
pub(crate) fn ensure_dashboard_tools(workspace: &Workspace) -> Result<()> {
    toolchain::ensure_target(workspace, toolchain::WASM)?;
    ensure(workspace, vec![trunk(), wasm_bindgen(workspace)?])
}

/// Makes sure that the runner of the callgrind benchmarks is there.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn ensure_benchmark_runner(workspace: &Workspace) -> Result<()> {
    let runner = Tool {
        package: "gungraun-runner",
        program: "gungraun-runner",
        version: locked_version(workspace, "gungraun")?,
        options: &["--locked"],
    };
    ensure(workspace, vec![runner])
}

/// Makes sure that cargo-mutants is there.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn ensure_mutants(workspace: &Workspace) -> Result<()> {
    let mutants = Tool {
        package: "cargo-mutants",
        program: "cargo-mutants",
        version: MUTANTS.to_owned(),
        options: &["--locked"],
    };
    ensure(workspace, vec![mutants])
}

/// Without default features Trunk has no TLS: it builds and serves, and can download nothing.
fn trunk() -> Tool {
    Tool {
        package: "trunk",
        program: "trunk",
        version: TRUNK.to_owned(),
        options: &["--locked", "--no-default-features"],
    }
}

/// Must be of the same version as the library in Cargo.lock. Not `--locked`: the lock file that it is published
/// with does not build. Only what reads and writes WebAssembly is worth optimising.
fn wasm_bindgen(workspace: &Workspace) -> Result<Tool> {
    Ok(Tool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version: locked_version(workspace, "wasm-bindgen")?,
        options: &[
            "--no-default-features",
            "--bin=wasm-bindgen",
            "--config=profile.dev.package.walrus.opt-level=1",
            "--config=profile.dev.package.wasmparser.opt-level=1",
            "--config=profile.dev.package.wasm-bindgen-cli-support.opt-level=1",
        ],
    })
}

/// Reads which version of a library Cargo.lock has chosen.
fn locked_version(workspace: &Workspace, package: &str) -> Result<String> {
    let shell = &workspace.shell;
    let id = cmd!(shell, "cargo pkgid --locked {package}")
        .quiet()
        .read()?;
    let (_, version) = id
        .rsplit_once('@')
        .with_context(|| format!("`{id}` has no version"))?;
    Ok(version.to_owned())
}

/// Installs what is missing, all at once: each build has minutes in which it waits for a single large crate.
fn ensure(workspace: &Workspace, tools: Vec<Tool>) -> Result<()> {
    let missing = tools
        .into_iter()
        .filter(|tool| !is_installed(workspace, tool));
    let installations = missing
        .map(|tool| Installation::start(workspace, tool))
        .collect::<Result<Vec<_>>>()?;
    // Every process is waited for, also when an earlier one has failed.
    let results: Vec<_> = installations
        .into_iter()
        .map(Installation::finish)
        .collect();
    results.into_iter().collect()
}

/// Looks into cargo's list of what it has installed: a program that is a command of cargo tells no version by itself.
fn is_installed(workspace: &Workspace, tool: &Tool) -> bool {
    let shell = &workspace.shell;
    let root = workspace.tools();
    let wanted = format!("{} v{}:", tool.package, tool.version);
    root.join("bin").join(tool.program).exists()
        && cmd!(shell, "cargo install --list --root {root}")
            .quiet()
            .read()
            .is_ok_and(|list| list.lines().any(|line| line == wanted))
}

/// A `cargo install` that runs.
struct Installation {
    tool: Tool,
    build: PathBuf,
    process: Child,
}

impl Installation {
    /// Builds without optimisation or debug information.
    fn start(workspace: &Workspace, tool: Tool) -> Result<Self> {
        let Tool {
            package, version, ..
        } = &tool;
        println!("Installing {package} {version}: once, and it takes a few minutes");
        let shell = &workspace.shell;
        let root = workspace.tools();
        let build = root.join("build").join(package);
        let options = tool.options;
        let install = cmd!(
            shell,
            "cargo install {package} --version ={version} --debug --force {options...}"
        )
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .arg("--root")
        .arg(root)
        .arg("--target-dir")
        .arg(&build);
        let process = Command::from(install)
            .spawn()
            .context("cargo cannot be started")?;
        Ok(Self {
            tool,
            build,
            process,
        })
    }

    /// Waits for the end. The build folder stays until the tool is installed, so that an interrupted first run goes on
    /// where it stopped.
    fn finish(mut self) -> Result<()> {
        if !self.process.wait()?.success() {
            bail!(
                "{} {} could not be installed",
                self.tool.package,
                self.tool.version
            );
        }
        fs::remove_dir_all(&self.build)
            .with_context(|| format!("cannot remove {}", self.build.display()))
    }
}
