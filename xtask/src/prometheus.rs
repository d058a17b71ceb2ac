//! Prometheus 3 and its `promtool`, which run on Debian 12 and are packages of a later Debian only.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, ensure};
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
    system::ensure_debian()?;
    let lists = cmd!(workspace.shell, "apt-get update --print-uris");
    let lists = lists.quiet().read()?;
    let fetched = places(&lists).any(|place| fetch(workspace, place).is_ok());
    ensure!(
        fetched,
        "missing: Prometheus 3, as the programs prometheus and promtool, which Debian {DEBIAN} has"
    );
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

/// Has apt fetch the packages from a place, with lists and a source of their own, and takes the programs out. Apt checks that they are
/// Debian's.
fn fetch(workspace: &Workspace, place: &str) -> Result<()> {
    let shell = &workspace.shell;
    let folder = shell.create_temp_dir()?;
    let folder = folder.path();
    // Only the list of packages is asked for.
    let source =
        format!("deb [signed-by={KEYS} lang=none target=Packages] {place} {DEBIAN} main\n");
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

/// Returns where this machine has its packages from, each once, among the lists that apt would fetch: each is a URL in quotes with
/// its name behind it.
fn places(lists: &str) -> impl Iterator<Item = &str> {
    let places = lists.lines().filter_map(|line| {
        let (place, _) = line.strip_prefix('\'')?.split_once("/dists/")?;
        Some(place)
    });
    places.collect::<BTreeSet<_>>().into_iter()
}

fn is_package(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "deb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_come_from_where_this_machine_has_its_own() {
        let lists = "'http://b.test/debian/dists/bookworm/InRelease' b 0 \n\
            'http://b.test/debian/dists/bookworm-updates/InRelease' b 0 \n\
            'http://a.test/tools/dists/stable/InRelease' a 0 \n\
            W: a warning\n";
        let places: Vec<_> = places(lists).collect();
        assert_eq!(places, ["http://a.test/tools", "http://b.test/debian"]);
    }
}
