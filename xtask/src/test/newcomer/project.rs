//! A project of somebody's own: the example, moved elsewhere, with the published crates.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use super::Start;
use crate::esp32::Chip;
use crate::firmware::{EXAMPLE, target_folder};
use crate::packages::Packages;
use crate::toolchain;
use crate::workspace::Workspace;

/// What the example's manifest calls the library, and what a project outside of this repository calls it.
const PATH: &str = "heapbeacon-esp32 = { path = \"../..\" }";
const VERSION: &str = "heapbeacon-esp32 = { version = \"0.1\" }";

/// A project in a folder of its own, gone when this goes.
pub(super) struct Project<'w> {
    workspace: &'w Workspace,
    packages: &'w Packages,
    folder: PathBuf,
    chip: Chip,
}

impl<'w> Project<'w> {
    /// Copies the example, configured in another way.
    ///
    /// # Errors
    /// When it can't be written.
    pub(super) fn new(
        workspace: &'w Workspace,
        packages: &'w Packages,
        chip: Chip,
        start: &Start,
    ) -> Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        toolchain::ensure_target(workspace, chip.target())?;
        let number = COUNT.fetch_add(1, Relaxed);
        let name = format!("heapbeacon-project-{}-{number}", process::id());
        let project = Self {
            workspace,
            packages,
            folder: env::temp_dir().join(name),
            chip,
        };
        let example = workspace.path(EXAMPLE);
        for file in ["Cargo.lock", "Cargo.toml", "src/main.rs"] {
            project.write(file, &fs::read_to_string(example.join(file))?)?;
        }
        project.edit("Cargo.toml", PATH, VERSION)?;
        let config = start.config.replace("TARGET", chip.target());
        project.write(".cargo/config.toml", &config)?;
        project.write("build.rs", start.build)?;
        Ok(project)
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// Writes a file.
    ///
    /// # Errors
    /// When it can't be written.
    fn write(&self, file: &str, text: &str) -> Result<()> {
        let path = self.path(file);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text).with_context(|| format!("can't write {}", path.display()))
    }

    /// Replaces a passage of a file.
    ///
    /// # Errors
    /// When there is no such passage.
    pub(super) fn edit(&self, file: &str, passage: &str, by: &str) -> Result<()> {
        let text = fs::read_to_string(self.path(file))?;
        ensure!(text.contains(passage), "{file} has no `{passage}`");
        self.write(file, &text.replace(passage, by))
    }

    /// Builds the firmware for development and returns its ELF.
    ///
    /// # Errors
    /// When it does not build.
    pub(super) fn build(&self) -> Result<PathBuf> {
        self.build_as("debug", &["build"])
    }

    /// Builds the firmware as it is released and returns its ELF.
    ///
    /// # Errors
    /// When it does not build.
    pub(super) fn build_released(&self) -> Result<PathBuf> {
        self.build_as("release", &["build", "--release"])
    }

    fn build_as(&self, profile: &str, command: &[&str]) -> Result<PathBuf> {
        let (is_built, said) = self.cargo(command)?;
        ensure!(is_built, "it does not build:\n{said}");
        let results = self.results().join(self.chip.target());
        Ok(results.join(profile).join("minimal"))
    }

    /// Lets cargo do something; returns whether it did and what it said.
    ///
    /// # Errors
    /// When cargo can't be started.
    pub(super) fn cargo(&self, command: &[&str]) -> Result<(bool, String)> {
        let shell = &self.workspace.shell;
        let _folder = shell.push_dir(&self.folder);
        let (chip, results) = (self.chip.name(), self.results());
        let cargo = cmd!(
            shell,
            "cargo {command...} --locked --no-default-features --features {chip} --target-dir {results}"
        )
        .args(self.packages.options())
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
        let output = cargo.ignore_status().output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok((output.status.success(), said))
    }

    /// Projects with the example's flags share what is compiled with it; those with others would throw it away.
    fn results(&self) -> PathBuf {
        let config = fs::read_to_string(self.path(".cargo/config.toml")).unwrap_or_default();
        let results = target_folder(self.workspace);
        match (
            config.contains("force-frame-pointers"),
            config.contains("linkall.x"),
        ) {
            (true, false) => results,
            (true, true) => results.join("linked-first"),
            (false, _) => results.join("without-frame-pointers"),
        }
    }
}

impl Drop for Project<'_> {
    fn drop(&mut self) {
        // What is left behind in the folder for temporary files does no harm.
        let _ = fs::remove_dir_all(&self.folder);
    }
}
