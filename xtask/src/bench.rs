//! The budgets that give the same number on every machine: instructions, and bytes.

use anyhow::{Context, Result, bail};
use xshell::cmd;

use crate::workspace::Workspace;
use crate::{dashboard, system, tools};

/// A benchmark of `agent/benches/tracer.rs` and the instructions that it may take.
struct Budget {
    bench: &'static str,
    what: &'static str,
    instructions: u64,
}

const BUDGETS: [Budget; 2] = [
    Budget {
        bench: "leaks_pair",
        what: "alloc + free, leaks mode, 8 frames",
        instructions: 150,
    },
    Budget {
        bench: "all_pair",
        what: "alloc + free, all mode, 8 frames",
        instructions: 190,
    },
];

/// Measures the tracer under Callgrind and weighs the dashboard.
///
/// # Errors
/// When something cannot be measured, or is over its budget.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    system::ensure_programs(workspace, &[system::VALGRIND])?;
    tools::ensure_benchmark_runner(workspace)?;
    let shell = &workspace.shell;
    let output = cmd!(shell, "cargo bench --locked -p heapbeacon --bench tracer")
        .env("GUNGRAUN_COLOR", "never")
        .read()
        .context("the tracer's benchmarks do not run")?;
    println!("{output}");
    let over = compare(&measurements(&output))?;
    dashboard::size(workspace)?;
    if over > 0 {
        bail!("{over} benchmarks are over their budget");
    }
    Ok(())
}

/// Prints each benchmark beside its budget and returns how many are over it.
fn compare(measured: &[(&str, u64)]) -> Result<usize> {
    let mut over = 0;
    println!("{:>7}  {:>7}  instructions", "budget", "taken");
    for Budget {
        bench,
        what,
        instructions,
    } in &BUDGETS
    {
        let mut runs = measured
            .iter()
            .filter(|(name, _)| name.contains(bench))
            .peekable();
        runs.peek()
            .with_context(|| format!("no benchmark is named `{bench}`"))?;
        for (name, taken) in runs {
            println!("{instructions:>7}  {taken:>7}  {what} ({name})");
            over += usize::from(taken > instructions);
        }
    }
    Ok(over)
}

/// Reads the runner's output: the name of a benchmark at the start of a line, and below it, indented, its numbers.
fn measurements(output: &str) -> Vec<(&str, u64)> {
    let mut name = "";
    let mut found = Vec::new();
    for line in output.lines() {
        if !line.starts_with(' ') {
            name = line;
        } else if let Some(numbers) = line.trim_start().strip_prefix("Instructions:") {
            let taken = numbers
                .trim_start()
                .split('|')
                .next()
                .and_then(|number| number.trim().parse().ok());
            found.extend(taken.map(|taken| (name, taken)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
tracer::pairs::leaks_pair live:1000
  Instructions:                         141|139                  (+1.43885%) [+1.01439x]
  L1 Hits:                              200|200                  (No change)
tracer::pairs::all_pair live:1000
  Instructions:                         191|N/A                  (*********)
";

    #[test]
    fn instructions_are_read_below_their_benchmark() {
        let found = measurements(OUTPUT);
        assert_eq!(
            found,
            [
                ("tracer::pairs::leaks_pair live:1000", 141),
                ("tracer::pairs::all_pair live:1000", 191)
            ]
        );
    }

    #[test]
    fn a_benchmark_over_its_budget_is_counted() {
        assert_eq!(compare(&measurements(OUTPUT)).expect("both are there"), 1);
    }

    #[test]
    fn a_benchmark_that_was_not_measured_is_an_error() {
        assert!(compare(&[("tracer::pairs::leaks_pair live:1000", 1)]).is_err());
    }
}
