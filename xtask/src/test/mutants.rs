//! Changes the code in many small ways, and runs the tests of its package against each: what no test notices, none
//! holds.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use crate::tools;
use crate::workspace::Workspace;

/// How many of a hundred changes must be noticed.
const NOTICED_PERCENT: usize = 95;
/// Where cargo-mutants builds and writes down what came of each change.
const OUTPUT: &str = "target/mutants";
/// What a branch is compared with.
const TRUNK: &str = "main";

/// Tries changes in the given files, or in the lines that this branch changed.
///
/// The options of cargo-mutants, and the changes that change nothing, are in `.cargo/mutants.toml`.
///
/// # Errors
/// When the tests fail on the unchanged code, or notice too few of the changes.
pub(crate) fn run(workspace: &Workspace, files: &[String]) -> Result<()> {
    tools::ensure_mutants(workspace)?;
    let shell = &workspace.shell;
    let output = shell.create_dir(workspace.path(OUTPUT))?;
    let chosen = choose(workspace, files, &output)?;
    let features = features(&chosen);
    let tried = cmd!(
        shell,
        "cargo mutants --jobs 1 --colors never {features...} {chosen...}"
    )
    .arg("--output")
    .arg(&output)
    // Not below the copy of the sources, which is another one each time.
    .env("CARGO_TARGET_DIR", output.join("target"))
    .env("CARGO_PROFILE_DEV_DEBUG", "0")
    .env("CARGO_INCREMENTAL", "1")
    // Changes that no test noticed are no success to it, either.
    .ignore_status();
    let output = output.join("mutants.out");
    if output.exists() {
        fs::remove_dir_all(&output)?;
    }
    tried.run()?;
    judge(&output)
}

/// Returns the options that choose where changes are tried.
fn choose(workspace: &Workspace, files: &[String], output: &Path) -> Result<Vec<String>> {
    if !files.is_empty() {
        let top = workspace.path("");
        let file = |file: &String| {
            let file = Path::new(file);
            let file = file.strip_prefix(&top).unwrap_or(file);
            let file = file.strip_prefix(".").unwrap_or(file);
            ensure!(
                !file.starts_with("agent/firmware"),
                "{}: boards' own tests run in QEMU and on chips, so changes can't be tried here",
                file.display()
            );
            Ok(["--file".to_owned(), file.display().to_string()])
        };
        let files: Vec<_> = files.iter().map(file).collect::<Result<_>>()?;
        return Ok(files.into_iter().flatten().collect());
    }
    let shell = &workspace.shell;
    let base = cmd!(shell, "git merge-base {TRUNK} HEAD").read()?;
    let diff = cmd!(shell, "git diff {base} -- *.rs").read()? + "\n";
    ensure!(
        diff.contains("\n+++ "),
        "nothing was changed since {TRUNK}: name the files to try"
    );
    let path = output.join("branch.diff");
    fs::write(&path, diff)?;
    Ok(vec!["--in-diff".to_owned(), path.display().to_string()])
}

/// Tests of symbols compile programs, and take longer than all others: they only run for what they test.
fn features(chosen: &[String]) -> &'static [&'static str] {
    let is_of_symbols = |option: &String| option.contains("symbols") || option.ends_with(".diff");
    match chosen.iter().any(is_of_symbols) {
        true => &["--all-features"],
        false => &["--features", "heapbeacon-shared/alloc"],
    }
}

/// Reads what came of the changes, and checks that enough of them were noticed.
fn judge(output: &Path) -> Result<()> {
    let count = |name: &str| -> Result<usize> {
        let path = output.join(name);
        let list = fs::read_to_string(&path)
            .with_context(|| format!("{} is missing: nothing was tried", path.display()))?;
        Ok(list.lines().count())
    };
    // A change that makes a test run for ever is noticed.
    let noticed = count("caught.txt")? + count("timeout.txt")?;
    let tried = noticed + count("missed.txt")?;
    ensure!(
        tried > 0,
        "there was nothing to change, or the tests failed on the unchanged code"
    );
    println!("{noticed} of {tried} changes were noticed");
    ensure!(
        is_enough(noticed, tried),
        "fewer than {NOTICED_PERCENT} % of the changes were noticed: {} lists the others",
        output.join("missed.txt").display()
    );
    Ok(())
}

fn is_enough(noticed: usize, tried: usize) -> bool {
    noticed * 100 >= tried * NOTICED_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nineteen_of_twenty_are_enough_and_eighteen_are_not() {
        assert!(is_enough(19, 20) && is_enough(20, 20));
        assert!(!is_enough(18, 20));
    }
}
