//! Commands that know the API's types: they are in a package of their own, so that xtask itself is compiled at once.

use std::env;
use std::ffi::OsString;
use std::path::{self, Path, PathBuf};
use std::process::{self, ExitCode};

use anyhow::Result;
use xshell::{Cmd, cmd};

use crate::workspace::Workspace;

/// Where the symbol file of an ELF goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Into {
    /// Beside the ELF.
    Beside,
    /// Into the ELF, where the firmware has room for it.
    Elf,
    File(PathBuf),
}

/// Writes the symbol file of an ELF, with functions that a device finds by itself if these are wanted.
///
/// # Errors
/// When the ELF has no symbols, or no room for them, or the file can't be written.
pub(crate) fn symbols(
    workspace: &Workspace,
    elf: &Path,
    into: &Into,
    with_functions: bool,
) -> Result<()> {
    let elf = path::absolute(elf)?;
    let functions = with_functions.then_some("--functions");
    let file = match into {
        Into::Elf => {
            let embed = report(workspace).arg("embed").arg(elf);
            embed.args(functions).run()?;
            return Ok(());
        }
        Into::Beside => {
            let mut name = elf.clone().into_os_string();
            name.push(".symbols");
            PathBuf::from(name)
        }
        Into::File(file) => path::absolute(file)?,
    };
    let write = report(workspace).arg("symbols").arg(elf).arg(file);
    write.args(functions).run()?;
    Ok(())
}

/// Puts the symbols of an image that tests run into it, by the build that the tests of the command have, too.
///
/// # Errors
/// As [`symbols`].
pub(crate) fn embed_tested(workspace: &Workspace, elf: &Path) -> Result<()> {
    built(workspace, "dev").arg("embed").arg(elf).run()?;
    Ok(())
}

/// What is exported, as what, and where to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Export {
    pub(crate) capture: PathBuf,
    pub(crate) format: String,
    /// What names the functions.
    pub(crate) elf: Option<PathBuf>,
    /// Standard output where it is none.
    pub(crate) out: Option<PathBuf>,
}

/// Writes a capture as another tool reads it.
///
/// # Errors
/// When there is no such format, or a file can't be read, does not fit, or can't be written.
pub(crate) fn export(workspace: &Workspace, export: &Export) -> Result<()> {
    let capture = path::absolute(&export.capture)?;
    let mut command = report(workspace)
        .arg("export")
        .arg(capture)
        .arg(&export.format);
    for (option, file) in [("--elf", &export.elf), ("--out", &export.out)] {
        if let Some(file) = file {
            command = command.arg(option).arg(path::absolute(file)?);
        }
    }
    command.run()?;
    Ok(())
}

/// Runs a command with its arguments, on the standard input of whoever asks, and with paths as those have them. Returns what it ended
/// with: of a comparison, 1 is a failure that was asked for, and 2 an error.
///
/// # Errors
/// When cargo can't be started.
pub(crate) fn run(workspace: &Workspace, name: &str, words: &[OsString]) -> Result<ExitCode> {
    let mut command = process::Command::from(report(workspace).arg(name).args(words));
    let status = command.current_dir(env::current_dir()?).status()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

fn report(workspace: &Workspace) -> Cmd<'_> {
    built(workspace, "release")
}

fn built<'w>(workspace: &'w Workspace, profile: &str) -> Cmd<'w> {
    let shell = &workspace.shell;
    let manifest = workspace.path("Cargo.toml");
    let run = cmd!(
        shell,
        "cargo run --quiet --profile {profile} --manifest-path {manifest} --package heapbeacon-reports --"
    );
    run.quiet()
}
