//! The crates that are published, packaged and verified as cargo does it before it publishes them.
//!
//! They are in two workspaces, and what those of the second one depend on is found in the registry, once that is published. Until
//! then the packages of the first one stand in for it, unpacked outside of the repository.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context, Result};
use xshell::{Cmd, cmd};

use crate::dashboard;
use crate::firmware::{BOARDS, IMAC, target_folder};
use crate::toolchain;
use crate::workspace::Workspace;

/// The published crates of the first workspace, each behind what it depends on.
const LIBRARIES: [&str; 4] = [
    "heapbeacon-shared",
    "heapbeacon",
    "heapbeacon-pool",
    "heapbeacon-dashboard-bundle",
];

/// The one that none of them needs.
const FOR_C: &str = "heapbeacon-c";

/// Those of the second one.
const BOARD_LIBRARIES: [&str; 3] = [
    "heapbeacon-embassy",
    "heapbeacon-esp-alloc",
    "heapbeacon-esp32",
];

/// The chip that these are verified for.
const CHIP: &str = "heapbeacon-esp-alloc/esp32c6,heapbeacon-esp32/esp32c6";

/// The version of all of them.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The packages, unpacked in a folder that is deleted on drop.
pub(crate) struct Packages {
    folder: PathBuf,
}

impl Packages {
    /// Packages all crates, verifies that each can be built from its package unless `options` of `cargo package` say otherwise, and
    /// unpacks them.
    ///
    /// # Errors
    /// When one lacks something.
    pub(crate) fn make(workspace: &Workspace, options: &[&str]) -> Result<Self> {
        dashboard::build_packed(workspace)?;
        toolchain::ensure_target(workspace, IMAC)?;
        let name = format!("heapbeacon-packages-{}", process::id());
        let packages = Self {
            folder: env::temp_dir().join(name),
        };
        fs::create_dir_all(&packages.folder)?;
        package(workspace, &[&LIBRARIES[..], &[FOR_C]].concat())
            .arg("--locked")
            .args(options)
            .run()
            .context("a crate can't be published")?;
        packages.unpack(workspace, &LIBRARIES)?;
        let boards = packages.copy_boards(workspace)?;
        package(workspace, &BOARD_LIBRARIES)
            .arg("--manifest-path")
            .arg(boards.join("Cargo.toml"))
            .arg("--config")
            .arg(workspace.path(BOARDS).join(".cargo/config.toml"))
            .args(["--features", CHIP])
            .args(packages.patches(&LIBRARIES))
            .args(options)
            .run()
            .context("a crate for boards can't be published")?;
        packages.unpack(workspace, &BOARD_LIBRARIES)?;
        Ok(packages)
    }

    /// Copies what is published of the second workspace, with its lock file. In the copy, there is no way to the first workspace: what
    /// is depended on is looked for where a user's cargo does, in the registry.
    fn copy_boards(&self, workspace: &Workspace) -> Result<PathBuf> {
        let shell = &workspace.shell;
        let original = workspace.path(BOARDS);
        let copy = shell.create_dir(self.folder.join("boards"))?;
        for name in board_folders().chain(["Cargo.lock"]) {
            let source = original.join(name);
            // The licences are links.
            cmd!(shell, "cp -RL {source} {copy}").quiet().run()?;
        }
        let manifest = fs::read_to_string(original.join("Cargo.toml"))?;
        fs::write(copy.join("Cargo.toml"), without_paths(&manifest))?;
        Ok(copy)
    }

    /// Returns the options that make cargo take these packages for what the registry has.
    pub(crate) fn options(&self) -> Vec<String> {
        let all = [&LIBRARIES[..], &BOARD_LIBRARIES].concat();
        self.patches(&all)
    }

    fn patches(&self, names: &[&str]) -> Vec<String> {
        let patch = |name: &&str| {
            let path = self.path(name);
            format!("--config=patch.crates-io.{name}.path={path:?}")
        };
        names.iter().map(patch).collect()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}-{VERSION}"))
    }

    fn unpack(&self, workspace: &Workspace, names: &[&str]) -> Result<()> {
        let shell = &workspace.shell;
        let folder = &self.folder;
        for name in names {
            let package = package_file(&target_folder(workspace), name);
            cmd!(shell, "tar -xzf {package} -C {folder}").run()?;
        }
        Ok(())
    }
}

/// Returns the command that packages and verifies crates, for a target with atomics: on others, which lock stands in for them is the
/// firmware's choice. What a clone has changed may be packaged, too, since nothing is published here.
fn package<'w>(workspace: &'w Workspace, names: &[&str]) -> Cmd<'w> {
    let shell = &workspace.shell;
    let results = target_folder(workspace);
    cmd!(
        shell,
        "cargo package --allow-dirty --target {IMAC} --target-dir {results}"
    )
    .args(names.iter().map(|name| format!("--package={name}")))
}

/// Returns the folders of what is published of the second workspace.
fn board_folders() -> impl Iterator<Item = &'static str> {
    BOARD_LIBRARIES
        .iter()
        .map(|name| name.trim_start_matches("heapbeacon-"))
}

/// Takes away from a manifest of the second workspace what is not published with it, and where the first workspace is.
fn without_paths(manifest: &str) -> String {
    let lines = manifest.lines().map(|line| {
        let name = line.split(' ').next().unwrap_or_default();
        if name == "members" {
            return format!("members = {:?}\n", board_folders().collect::<Vec<_>>());
        }
        let path = line
            .split_once("path = ")
            .and_then(|(_, rest)| rest.split_once(", "));
        match path {
            Some((path, _)) if LIBRARIES.contains(&name) => {
                line.replace(&format!("path = {path}, "), "") + "\n"
            }
            _ => format!("{line}\n"),
        }
    });
    lines.collect()
}

fn package_file(results: &Path, name: &str) -> PathBuf {
    results.join(format!("package/{name}-{VERSION}.crate"))
}

impl Drop for Packages {
    fn drop(&mut self) {
        // What is left behind in the folder for temporary files does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Packages all crates, and says where the packages are.
///
/// # Errors
/// When one can't be published.
pub(crate) fn print(workspace: &Workspace) -> Result<()> {
    Packages::make(workspace, &[])?;
    let results = target_folder(workspace);
    println!("packages, in the order in which they are published:");
    for name in [&LIBRARIES[..], &BOARD_LIBRARIES].concat() {
        println!("  {}", package_file(&results, name).display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_of_the_first_workspace_are_looked_for_in_the_registry() {
        let manifest = "members = [\"embassy\", \"qemu-virt\"]\n\
            heapbeacon = { path = \"..\", version = \"0.1.0\" }\n\
            heapbeacon-embassy = { path = \"embassy\", version = \"0.1.0\" }\n";
        let published = "members = [\"embassy\", \"esp-alloc\", \"esp32\"]\n\
            heapbeacon = { version = \"0.1.0\" }\n\
            heapbeacon-embassy = { path = \"embassy\", version = \"0.1.0\" }\n";
        assert_eq!(without_paths(manifest), published);
    }
}
