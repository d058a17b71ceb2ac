//! What the page takes of a slow link, in Chromium and by its own throttling.

use anyhow::{Context, Result};
use xshell::cmd;

use super::device::figure;
use crate::workspace::Workspace;
use crate::{dashboard, system};

/// The most of a figure in bytes, by its name.
const BUDGETS: [(&str, &str, u64); 2] = [
    (
        "first_verdict_bytes",
        "bytes at most until the first verdict is shown",
        330_000,
    ),
    (
        "leaks_page_bytes_a_second",
        "bytes a second that an open Leaks page takes while the demo runs",
        4_000,
    ),
];

/// Measures the page on a link of 1 Mbit/s and 100 ms; returns how many figures are over their budget. Time is printed and judged by
/// nobody.
///
/// # Errors
/// When something does not build or can't be measured.
pub(super) fn run(workspace: &Workspace) -> Result<usize> {
    system::ensure_programs(workspace, &[system::CHROMIUM, system::CHROMEDRIVER])?;
    let bundle = dashboard::build(workspace)?;
    let shell = &workspace.shell;
    let test = cmd!(
        shell,
        "cargo test --locked -p heapbeacon-host --test browser slow_link -- --ignored --nocapture"
    );
    let output = test.env("HEAPBEACON_DASHBOARD", bundle).read();
    print(&output.context("the page can't be measured")?)
}

/// Prints each figure and returns how many are over their budget.
fn print(output: &str) -> Result<usize> {
    let seconds = |name| figure(output, name).map(|ms| ms as f64 / 1_000.0);
    println!("The page on a link of 1 Mbit/s and 100 ms:");
    let (first, program) = (seconds("first_verdict_ms")?, seconds("program_ms")?);
    println!("{first:>7.2}  s until the first verdict is shown; the budget is 3.3");
    println!("{program:>7.2}  s until the program shows its own");
    let mut over = 0;
    for (name, what, most) in BUDGETS {
        let taken = figure(output, name)?;
        println!("{taken:>7}  of {most:>4}  {what}");
        over += usize::from(taken > most);
    }
    Ok(over)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "running 1 test\n\nfirst_verdict_ms: 817\nfirst_verdict_bytes: 102175\nprogram_ms: 4885\n\
        leaks_page_bytes_a_second: 4001\ntest what ... ok\n";

    #[test]
    fn a_page_that_takes_too_much_is_counted() {
        assert_eq!(print(OUTPUT).expect("all are there"), 1);
        let less = OUTPUT.replace("4001", "4000");
        assert_eq!(print(&less).expect("all are there"), 0);
    }

    #[test]
    fn a_figure_that_is_missing_is_an_error() {
        assert!(print("first_verdict_ms: 817\n").is_err());
    }
}
