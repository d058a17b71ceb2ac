//! The dashboard's bundle: built, packed, and weighed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Error, Result, bail};
use heapbeacon_bundle::{Effort, File};
use xshell::{Shell, cmd};

use crate::tools;
use crate::workspace::Workspace;

pub(crate) mod libraries;

/// All files together, each packed as a device holds and serves it.
const ALL_BYTES: usize = 708_500;

/// Those that are loaded before the page shows anything.
const FIRST_BYTES: usize = 521_500;

/// What the names of files begin with that are loaded once somebody wants what they are for: names of functions, exports, a fleet.
const LATER: [&str; 5] = [
    "/worker.",
    "/heapbeacon-worker",
    "/downloads.",
    "/fleet.",
    "/parts.",
];

/// Where the crate `heapbeacon-dashboard-bundle` has the packed files.
const PACKED: &str = "agent/dashboard-bundle/files";

/// The folder of the bundle, and its packed files, once they were made: no source changes in a run, and two builds at a time would be in each
/// other's way.
static BUNDLE: Mutex<Option<PathBuf>> = Mutex::new(None);
static FILES: Mutex<Option<Arc<[File]>>> = Mutex::new(None);

/// Returns what was made before, or makes it.
fn once<T: Clone>(made: &Mutex<Option<T>>, make: impl FnOnce() -> Result<T>) -> Result<T> {
    let mut made = made.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = &*made {
        return Ok(made.clone());
    }
    Ok(made.insert(make()?).clone())
}

/// Builds the release bundle and returns its folder.
///
/// # Errors
/// When a tool cannot be installed or the dashboard does not build.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf> {
    once(&BUNDLE, || build_now(workspace))
}

fn build_now(workspace: &Workspace) -> Result<PathBuf> {
    tools::ensure_dashboard_tools(workspace)?;
    let shell = &workspace.shell;
    cmd!(shell, "trunk build --release")
        .run()
        .context("the dashboard does not build")?;
    let bundle = workspace.path("target/dashboard");
    for file in shell.read_dir(&bundle)? {
        match file.extension().and_then(OsStr::to_str) {
            // Those that wasm-bindgen writes, which Trunk leaves as they are.
            Some("js") => {
                let script = shell.read_file(&file)?;
                shell.write_file(&file, without_comments(&script))?;
            }
            Some("wasm") => pack(shell, &file)?,
            _ => {}
        }
    }
    for file in ["index.html", "worker.js"] {
        let file = bundle.join(file);
        let names_packed = naming_packed(&shell.read_file(&file)?);
        shell.write_file(&file, names_packed)?;
    }
    Ok(bundle)
}

/// Puts the packed program in the place of one that Trunk made.
fn pack(shell: &Shell, program: &Path) -> Result<()> {
    let packed = heapbeacon_bundle::lzma(&shell.read_binary_file(program)?)?;
    shell.write_file(program.with_extension("wasm.lzma"), packed)?;
    shell.remove_path(program)?;
    Ok(())
}

/// Names the packed program wherever a file of the bundle names it, and no longer says that it comes as WebAssembly.
fn naming_packed(text: &str) -> String {
    text.replace("_bg.wasm", "_bg.wasm.lzma")
        .replace(" type=application/wasm", "")
}

/// Returns a script without what its lines are indented by, and without lines of comments.
fn without_comments(script: &str) -> String {
    let is_code = |line: &&str| {
        let begins = |comment: &&str| line.starts_with(comment);
        !line.is_empty() && !["//", "/*", "* ", "*/"].iter().any(begins)
    };
    let lines = script.lines().map(str::trim_start).filter(is_code);
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// Builds the release bundle, packs it into the crate that brings it to firmware, and returns its files.
///
/// # Errors
/// When it does not build.
pub(crate) fn build_packed(workspace: &Workspace) -> Result<Arc<[File]>> {
    once(&FILES, || {
        let bundle = build(workspace)?;
        let files = heapbeacon_bundle::load(&bundle, Effort::Thorough).map_err(Error::msg)?;
        heapbeacon_bundle::embed(&files, &workspace.path(PACKED))
            .with_context(|| format!("the packed dashboard can't be written to {PACKED}"))?;
        Ok(files.into())
    })
}

/// Builds and packs the release bundle, and says where it is.
///
/// # Errors
/// When it does not build.
pub(crate) fn print_build(workspace: &Workspace) -> Result<()> {
    build_packed(workspace)?;
    println!(
        "dashboard, for any web server: {}; for firmware, in heapbeacon-dashboard-bundle: {PACKED}",
        workspace.path("target/dashboard").display()
    );
    Ok(())
}

/// Builds the release bundle and prints what each file weighs.
///
/// # Errors
/// When it does not build, or is heavier than the budget.
pub(crate) fn size(workspace: &Workspace) -> Result<()> {
    let (mut first, mut all) = (0, 0);
    println!("{:>9}  file, bytes packed", "");
    for file in &*build_packed(workspace)? {
        let bytes = file.gzip.len();
        println!("{bytes:>9}  {}", file.path);
        all += bytes;
        if !LATER.iter().any(|name| file.path.starts_with(name)) {
            first += bytes;
        }
    }
    println!("{first:>9}  files that are loaded at first; the budget is {FIRST_BYTES}");
    println!("{all:>9}  all files; the budget is {ALL_BYTES}");
    for (bytes, budget) in [(first, FIRST_BYTES), (all, ALL_BYTES)] {
        if bytes > budget {
            bail!("the dashboard is {} bytes over its budget", bytes - budget);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_programs_are_named_where_they_were_and_preloaded_as_anything() {
        let page = "<template data-wasm=./a_bg.wasm></template><link as=fetch href=./a_bg.wasm rel=preload type=application/wasm>";
        let expected = "<template data-wasm=./a_bg.wasm.lzma></template><link as=fetch href=./a_bg.wasm.lzma rel=preload>";
        assert_eq!(naming_packed(page), expected);
    }

    #[test]
    fn scripts_lose_indents_and_comments_and_no_code() {
        let script =
            "/**\n * @returns {number}\n */\nget() {\n    // why\n    return a * b; // c\n}\n\n";
        assert_eq!(without_comments(script), "get() {\nreturn a * b; // c\n}\n");
    }
}
