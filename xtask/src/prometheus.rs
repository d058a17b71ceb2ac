//! Prometheus 3 and its `promtool`, which run on Debian 12 and are packages of a later Debian only.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use crate::system;
use crate::workspace::Workspace;

const PROGRAMS: [&str; 2] = ["prometheus", "promtool"];

/// How both begin to tell their version.
const VERSION: &str = ", version 3.";

/// The Debian that has them, as apt is told. Only its list of packages is asked for.
const SOURCE: &str = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg lang=none target=Packages] \
    http://deb.debian.org/debian forky main\n";

/// Makes sure that Prometheus 3 is in PATH. On Debian it puts what is missing into the tool folder; nothing is installed into the system.
///
/// # Errors
/// When it is missing and can't be had, or does not run here.
pub(crate) fn ensure(workspace: &Workspace) -> Result<()> {
    if is_there(workspace) {
        return Ok(());
    }
    fetch(workspace).context("missing: Prometheus 3, as the programs prometheus and promtool")?;
    ensure!(
        is_there(workspace),
        "Debian's packages prometheus and promtool of forky are not version 3, or don't run here"
    );
    Ok(())
}

fn is_there(workspace: &Workspace) -> bool {
    let shell = &workspace.shell;
    PROGRAMS.iter().all(|program| {
        let told = cmd!(shell, "{program} --version").quiet().ignore_stderr();
        told.read().is_ok_and(|told| told.contains(VERSION))
    })
}

/// Has apt fetch the packages, with lists and a source of their own, and takes the programs out. Apt checks that they are Debian's.
fn fetch(workspace: &Workspace) -> Result<()> {
    system::ensure_debian()?;
    let shell = &workspace.shell;
    let folder = shell.create_temp_dir()?;
    let folder = folder.path();
    shell.write_file(folder.join("etc/apt/sources.list"), SOURCE)?;
    for missed in ["etc/apt/preferences.d", "var/lib/apt/lists/partial"] {
        shell.create_dir(folder.join(missed))?;
    }
    let _folder = shell.push_dir(folder);
    // Apt's own user can't write into this user's folder.
    let apt = || {
        cmd!(
            shell,
            "apt-get --quiet -o Dir={folder} -o APT::Sandbox::User=root"
        )
    };
    apt().arg("update").run()?;
    apt().arg("download").args(PROGRAMS).run()?;
    for package in shell.read_dir(".")?.iter().filter(|path| is_package(path)) {
        cmd!(shell, "dpkg-deb --extract {package} .").run()?;
    }
    let bin = shell.create_dir(workspace.tools().join("bin"))?;
    for program in PROGRAMS {
        shell.copy_file(Path::new("usr/bin").join(program), bin.join(program))?;
    }
    Ok(())
}

fn is_package(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "deb")
}
