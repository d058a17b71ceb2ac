//! The import rule: who may know whom. Between crates `cargo tree` tells, inside a crate the paths in the source.

mod circles;
mod crates;
mod paths;
mod rules;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};

use crate::workspace::Workspace;
use rules::{RULES, Rule};

/// Checks the whole workspace against the import rule and prints each place that breaks it.
///
/// # Errors
/// When a place breaks it, or a file cannot be read.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut broken = crates::check(workspace)?;
    for rule in &RULES {
        for file in source_files(workspace, rule.scope)? {
            broken += check_file(workspace, rule, &file)?;
        }
    }
    for folder in circles::FOLDERS {
        broken += check_circles(workspace, folder)?;
    }
    if broken > 0 {
        bail!("the import rule is broken in {broken} places");
    }
    Ok(())
}

fn check_file(workspace: &Workspace, rule: &Rule, file: &Path) -> Result<usize> {
    let source = fs::read_to_string(file)?;
    let name = file.strip_prefix(workspace.path(""))?;
    let mentions = paths::mentions(&source, &paths::module_of(name))
        .map_err(|error| anyhow!("{} is not Rust: {error}", name.display()))?;
    let broken: Vec<_> = mentions
        .iter()
        .filter(|mention| rule.forbids(&mention.path))
        .collect();
    for mention in &broken {
        eprintln!(
            "{}:{}: `{}`: {}",
            name.display(),
            mention.line,
            mention.path,
            rule.because
        );
    }
    Ok(broken.len())
}

fn check_circles(workspace: &Workspace, folder: &str) -> Result<usize> {
    let mut sources = BTreeMap::new();
    for file in source_files(workspace, folder)? {
        let name = file.strip_prefix(workspace.path(""))?;
        sources.insert(paths::module_of(name), fs::read_to_string(&file)?);
    }
    let names = circles::Names::read(&sources)
        .map_err(|error| anyhow!("a file in {folder} is not Rust: {error}"))?;
    let circle = names.circle();
    if !circle.is_empty() {
        eprintln!(
            "{folder}: name each other in a circle: {}",
            circle.join(", ")
        );
    }
    Ok(usize::from(!circle.is_empty()))
}

/// Returns the sources of a module: `scope.rs`, and everything below the folder `scope`. Files whose names end in `tests.rs` and
/// folders named `tests` are left out, because a test may use what its module may not.
fn source_files(workspace: &Workspace, scope: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![
        workspace.path(scope),
        workspace.path(&format!("{scope}.rs")),
    ];
    while let Some(path) = pending.pop() {
        if path.is_dir() && !path.ends_with("tests") {
            for entry in fs::read_dir(&path)? {
                pending.push(entry?.path());
            }
        } else if path.is_file() && is_source(&path) {
            found.push(path);
        }
    }
    Ok(found)
}

fn is_source(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.ends_with(".rs") && !name.ends_with("tests.rs"))
}
