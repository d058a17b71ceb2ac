//! Prometheus 3 and its `promtool`, which run on Debian 12 and are packages of a later Debian only.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use crate::system;
use crate::workspace::Workspace;

const PROGRAMS: [&str; 2] = ["prometheus", "promtool"];

/// How both begin to tell their version.
const VERSION: &str = ", version 3.";

/// The Debian that has them.
const DEBIAN: &str = "forky";

/// What signs its lists.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

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
        "Debian's packages prometheus and promtool of {DEBIAN} are not version 3, or don't run here"
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
    let source = source(workspace)?;
    shell.write_file(folder.join("etc/apt/sources.list"), source)?;
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

/// Returns where they are, as apt is told: where this machine has its own packages from. Only the list of packages is asked for.
fn source(workspace: &Workspace) -> Result<String> {
    let shell = &workspace.shell;
    let lists = cmd!(shell, "apt-get update --print-uris").quiet().read()?;
    let place = place_of(&lists).context("apt has no source of Debian's packages")?;
    Ok(format!(
        "deb [signed-by={KEYS} lang=none target=Packages] {place} {DEBIAN} main\n"
    ))
}

/// Finds where packages come from among the lists that apt would fetch, each a URL in quotes with its name behind it.
fn place_of(lists: &str) -> Option<&str> {
    let mut places = lists.lines().filter_map(|line| {
        let (place, _) = line.strip_prefix('\'')?.split_once("/dists/")?;
        Some(place)
    });
    places.find(|place| !place.ends_with("-security"))
}

fn is_package(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "deb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_come_from_where_this_machine_has_its_own() {
        let lists = "'http://a.test/debian-security/dists/bookworm-security/InRelease' a 0 \n\
            'http://b.test/debian/dists/bookworm/InRelease' b 0 \n";
        assert_eq!(place_of(lists), Some("http://b.test/debian"));
        assert_eq!(place_of(""), None);
    }
}
