//! The agent on QEMU's RISC-V machine `virt`.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use xshell::{Cmd, cmd};

use crate::background::Background;
use crate::firmware::{self, BOARDS, IMAC, Package, Program};
use crate::workspace::Workspace;
use crate::{dashboard, demo, esp32, reports, system};

const PACKAGE: Package = Package::new("heapbeacon-qemu-virt", BOARDS, "mdns", IMAC);

const AGENT: Program = Program {
    package: PACKAGE,
    binary: "heapbeacon-qemu-virt",
};
/// Starts what the flash chip has chosen, or the agent.
const BOOT: Program = Program {
    package: PACKAGE,
    binary: "boot",
};
/// What only tests run.
const TESTED: [Program; 2] = [
    Program {
        package: Package::new("heapbeacon-qemu-virt", BOARDS, "unwind", IMAC),
        binary: "stacks",
    },
    Program {
        package: PACKAGE,
        binary: "panic",
    },
];
/// Holds the figures of esp-alloc's heap against a walk of it.
const HEAPS: Program = Program {
    package: Package::new("heapbeacon-qemu-virt", BOARDS, "esp-alloc", IMAC),
    binary: "heaps",
};
/// The algorithms that esp-alloc can be built with.
const ALGORITHMS: [&str; 2] = ["LLFF", "TLSF"];
const BENCH: Program = Program {
    package: PACKAGE,
    binary: "bench",
};

/// Builds the agent with the dashboard in it, and returns its ELF; the bootloader lies beside it.
///
/// # Errors
/// When something does not build.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    dashboard::build_packed(workspace)?;
    firmware::build(workspace, BOOT)?;
    firmware::build(workspace, AGENT)
}

/// Builds all programs that tests run, and returns the agent's ELF; the others lie beside it.
///
/// # Errors
/// When something does not build.
pub(crate) fn build_tested(workspace: &Workspace) -> Result<PathBuf> {
    for program in TESTED {
        firmware::build(workspace, program)?;
    }
    for algorithm in ALGORITHMS {
        let _algorithm = workspace.shell.push_env(esp32::ALGORITHM, algorithm);
        let elf = firmware::build(workspace, HEAPS)?;
        let name = format!("{}-{}", HEAPS.binary, algorithm.to_lowercase());
        fs::copy(&elf, elf.with_file_name(name))?;
    }
    let elf = build(workspace)?;
    reports::embed_tested(workspace, &elf)?;
    Ok(elf)
}

/// Runs the program that counts instructions, and returns what it prints: a name, a colon and a number a line.
///
/// # Errors
/// When it does not build or does not run.
pub(crate) fn count_instructions(workspace: &Workspace) -> Result<String> {
    let elf = firmware::build(workspace, BENCH)?;
    let counting = machine(workspace).arg("-kernel").arg(elf);
    let counting = counting.args(["-icount", "shift=0"]);
    counting.read().context("the instructions were not counted")
}

/// Builds the agent and becomes QEMU: whatever ends this process ends the machine.
///
/// # Errors
/// When the port is taken, a tool cannot be installed, or something does not build.
pub(crate) fn run(workspace: &Workspace, port: u16) -> Result<()> {
    demo::refuse_taken(port)?;
    system::ensure_programs(workspace, &[system::QEMU])?;
    let elf = build(workspace)?;
    reports::symbols(workspace, &elf, &reports::Into::Elf, true)?;
    println!(
        "\n  HeapBeacon: http://127.0.0.1:{port}, once the machine says that it listens. Ctrl-C ends it.\n"
    );
    Err(Command::from(networked(workspace, &elf, port)).exec()).context("QEMU does not start")
}

/// Returns the command that starts QEMU, without a program, with its console on standard output.
fn machine(workspace: &Workspace) -> Cmd<'_> {
    let shell = &workspace.shell;
    cmd!(
        shell,
        "qemu-system-riscv32 -M virt -m 16M -bios none -display none -serial stdio"
    )
}

/// Returns the command that boots the agent, or what came over the air instead, and forwards a port of this machine to the agent's.
fn networked<'w>(workspace: &'w Workspace, elf: &Path, port: u16) -> Cmd<'w> {
    let boot = elf.with_file_name(BOOT.binary);
    machine(workspace)
        .arg("-device")
        .arg(format!("loader,file={},cpu-num=0", boot.display()))
        .arg("-device")
        .arg(format!("loader,file={}", elf.display()))
        .args(["-device", "i6300esb"])
        .arg("-netdev")
        .arg(format!("user,id=cable,hostfwd=tcp:127.0.0.1:{port}-:80"))
        .args(["-device", "virtio-net-device,netdev=cable"])
}

/// A machine that runs until this value goes.
pub(crate) struct Machine {
    url: String,
    _process: Background,
}

impl Machine {
    /// Boots an image on a free port and waits until it listens.
    ///
    /// # Errors
    /// When it ends before that.
    pub(crate) fn boot(workspace: &Workspace, elf: &Path) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut machine = Command::from(networked(workspace, elf, port));
        machine.stdin(Stdio::null());
        let (process, ()) = Background::start(machine, |line| {
            line.starts_with("listening on").then_some(())
        })
        .context("the machine does not listen")?;
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            _process: process,
        })
    }

    /// Returns where the agent is reached, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}
