//! Who may depend on whom, crate by crate.

use anyhow::Result;
use xshell::cmd;

use crate::workspace::Workspace;

/// A package and what must not be in its tree; a `*` at the end stands for any rest.
struct Boundary {
    package: &'static str,
    never: &'static [&'static str],
    because: &'static str,
}

const BOUNDARIES: [Boundary; 5] = [
    Boundary {
        package: "heapbeacon-shared",
        never: &["heapbeacon", "heapbeacon-host", "heapbeacon-dashboard"],
        because: "what both sides share knows neither side",
    },
    Boundary {
        package: "heapbeacon",
        never: &[
            "esp-*",
            "riscv-rt",
            "embassy-net*",
            "heapbeacon-host",
            "heapbeacon-dashboard",
        ],
        because: "the agent runs on every board, so it knows none",
    },
    Boundary {
        package: "heapbeacon",
        never: &["addr2line", "gimli", "object", "tokio", "hyper"],
        because: "the device has room for neither symbols nor an operating system's crates",
    },
    Boundary {
        package: "heapbeacon-dashboard",
        never: &["heapbeacon", "heapbeacon-host"],
        because: "the dashboard knows an agent only by its API",
    },
    Boundary {
        package: "heapbeacon-dashboard",
        never: &["addr2line", "gimli", "object", "rustc-demangle"],
        because: "what reads ELFs is loaded when there is one: it belongs into the worker",
    },
];

/// Prints each dependency that crosses a boundary and returns how many there are.
///
/// # Errors
/// When cargo cannot resolve the workspace.
pub(super) fn check(workspace: &Workspace) -> Result<usize> {
    let mut broken = 0;
    for Boundary {
        package,
        never,
        because,
    } in &BOUNDARIES
    {
        for dependency in dependencies(workspace, package)? {
            if never.iter().any(|pattern| matches(&dependency, pattern)) {
                eprintln!(
                    "{package} depends on {dependency} (`cargo tree -p {package} -i {dependency}`): {because}"
                );
                broken += 1;
            }
        }
    }
    Ok(broken)
}

/// Returns the names of all packages that `package` is built from, itself excepted.
fn dependencies(workspace: &Workspace, package: &str) -> Result<Vec<String>> {
    let shell = &workspace.shell;
    let tree = cmd!(
        shell,
        "cargo tree --locked -p {package} -e no-dev --prefix none"
    )
    .quiet()
    .read()?;
    let mut names: Vec<_> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != package)
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn matches(name: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}
