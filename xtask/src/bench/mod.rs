//! The budgets that give the same number on every machine: instructions, and bytes. Times are printed beside them.

mod device;
mod page;

use anyhow::{Context, Result, bail};
use xshell::cmd;

use crate::workspace::Workspace;
use crate::{dashboard, system, tools};

/// Pairs of allocation and free in each benchmark of `agent/benches/tracer.rs`.
const PAIRS: u64 = 1000;

/// A benchmark and the instructions that one of its pairs may take.
struct Budget {
    bench: &'static str,
    what: &'static str,
    instructions: u64,
}

/// 150 and 190 before an allocation looked for a block that ended unseen, before every sum was bounded, and before each free told
/// how long its block had lived. ARCHITECTURE.md says where they go.
const BUDGETS: [Budget; 3] = [
    Budget {
        bench: "leaks_pair live_100:",
        what: "leaks mode, 100 live",
        instructions: 168,
    },
    Budget {
        bench: "leaks_pair live_1000:",
        what: "leaks mode, 1,000 live",
        instructions: 168,
    },
    Budget {
        bench: "all_pair live_1000:",
        what: "all mode, 1,000 live",
        instructions: 205,
    },
];

/// The benchmark that may differ from the first of [`BUDGETS`] by so much, in percent: an event's
/// cost does not depend on how many records there are.
const FLAT: (&str, u64) = ("leaks_pair live_4000:", 20);

/// Instructions that a hook may take longer where it tells hosts, too.
const TOLD: f64 = 40.0;

/// Measures the tracer under Callgrind and weighs the dashboard.
///
/// # Errors
/// When something cannot be measured, or is over its budget.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    system::ensure_programs(workspace, &[system::VALGRIND])?;
    tools::ensure_benchmark_runner(workspace)?;
    let output = callgrind(workspace, "heapbeacon", "tracer", &[])?;
    let mut over = compare(&measurements(&output))?;
    // The agent as the demo runs it.
    let release = ["--profile", "release"];
    let traced = callgrind(workspace, "heapbeacon-host", "workload", &release)?;
    let untraced = [&release[..], &["--no-default-features"]].concat();
    let plain = callgrind(workspace, "heapbeacon-host", "workload", &untraced)?;
    slowdown(&measurements(&(traced + "\n" + &plain)))?;
    over += device::run(workspace)?;
    over += page::run(workspace)?;
    export(workspace)?;
    dashboard::size(workspace)?;
    if over > 0 {
        bail!("{over} figures are over their budget");
    }
    Ok(())
}

/// Prints what the export of a million events takes.
fn export(workspace: &Workspace) -> Result<()> {
    let shell = &workspace.shell;
    cmd!(
        shell,
        "cargo bench --locked -p heapbeacon-shared --features alloc --bench export"
    )
    .run()
    .context("the export of a million events takes too much")
}

/// Runs the Callgrind benchmarks of a package, and returns what they print.
fn callgrind(
    workspace: &Workspace,
    package: &str,
    bench: &str,
    options: &[&str],
) -> Result<String> {
    let shell = &workspace.shell;
    cmd!(
        shell,
        "cargo bench --locked -p {package} --bench {bench} {options...}"
    )
    .env("GUNGRAUN_COLOR", "never")
    .read()
    .with_context(|| format!("the benchmarks `{bench}` of {package} do not run"))
}

/// Prints each benchmark beside its budget and returns how many are over it.
fn compare(measured: &[(&str, u64)]) -> Result<usize> {
    let taken = |bench| per_pair(measured, bench);
    let mut over = 0;
    println!("Instructions of an allocation and its free, call stack of 8 frames handed in:");
    for Budget {
        bench,
        what,
        instructions,
    } in &BUDGETS
    {
        let taken = taken(bench)?;
        println!("{taken:>7.1}  of {instructions:>4}  {what}");
        over += usize::from(taken > *instructions as f64);
    }
    let (bench, percent) = FLAT;
    let (few, many) = (taken(BUDGETS[0].bench)?, taken(bench)?);
    let change = (many / few - 1.0) * 100.0;
    println!(
        "{many:>7.1}  ({change:+.0} %)  leaks mode, 4,000 live, within ±{percent} % of 100 live"
    );
    over += usize::from(change.abs() > percent as f64);
    over += usize::from(!is_told_soon(measured)?);
    Ok(over)
}

/// Prints what each hook takes longer where it tells hosts, and checks whether that is little enough.
fn is_told_soon(measured: &[(&str, u64)]) -> Result<bool> {
    let longer = |what: &str| -> Result<f64> {
        let told = per_pair(measured, &format!("to_host_{what} live_1000:"))?;
        Ok(told - per_pair(measured, &format!("leaks_{what} live_1000:"))?)
    };
    let allocation = longer("allocation")?;
    let free = longer("pair")? - allocation;
    println!("{allocation:>7.1}  of {TOLD:>4}  more to tell hosts of an allocation");
    println!("{free:>7.1}  of {TOLD:>4}  more to tell hosts of a free");
    Ok(allocation <= TOLD && free <= TOLD)
}

fn per_pair(measured: &[(&str, u64)], bench: &str) -> Result<f64> {
    Ok(instructions(measured, bench)? as f64 / PAIRS as f64)
}

fn instructions(measured: &[(&str, u64)], bench: &str) -> Result<u64> {
    let found = measured.iter().find(|(name, _)| name.contains(bench));
    let (_, taken) = found.with_context(|| format!("no benchmark is named `{bench}`"))?;
    Ok(*taken)
}

/// Prints how much the demo workload is slowed down by tracing.
fn slowdown(measured: &[(&str, u64)]) -> Result<()> {
    let plain = instructions(measured, "::untraced ")?;
    println!("Instructions of the demo workload, compared with the same without a tracer:");
    for (bench, what) in [
        ("stopped", "compiled in, not started"),
        ("leaks", "leaks mode"),
        ("all", "all mode"),
    ] {
        let ratio = instructions(measured, bench)? as f64 / plain as f64;
        println!("{ratio:>7.2} times  {what}");
    }
    Ok(())
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
tracer::tracer::leaks_pair live_100:(leaks(100))
  Instructions:                         141000|139000               (+1.43885%) [+1.01439x]
  L1 Hits:                              200|200                  (No change)
tracer::tracer::leaks_pair live_1000:(leaks(1000))
  Instructions:                         181000|N/A                  (*********)
tracer::tracer::leaks_pair live_4000:(leaks(4000))
  Instructions:                         160000|N/A                  (*********)
tracer::tracer::all_pair live_1000:(all(1000))
  Instructions:                         190000|N/A                  (*********)
tracer::tracer::to_host_pair live_1000:(to_host(1000))
  Instructions:                         240000|N/A                  (*********)
tracer::tracer::leaks_allocation live_1000:(bench(1000))
  Instructions:                         100000|N/A                  (*********)
tracer::tracer::to_host_allocation live_1000:(bench(1000))
  Instructions:                         138000|N/A                  (*********)
";

    #[test]
    fn instructions_are_read_below_their_benchmark() {
        let found = measurements(OUTPUT);
        assert_eq!(found.len(), 7);
        assert_eq!(
            found[0],
            ("tracer::tracer::leaks_pair live_100:(leaks(100))", 141_000)
        );
    }

    #[test]
    fn a_benchmark_over_its_budget_is_counted() {
        assert_eq!(compare(&measurements(OUTPUT)).expect("all are there"), 1);
    }

    #[test]
    fn a_cost_that_rises_with_the_records_is_counted() {
        let steep = OUTPUT
            .replace("160000", "180000")
            .replace("181000", "165000");
        assert_eq!(compare(&measurements(&steep)).expect("all are there"), 1);
    }

    #[test]
    fn a_hook_that_takes_too_long_to_tell_hosts_is_counted() {
        // Beside the pair that is over its budget: 45 for a free.
        let slow = OUTPUT.replace("240000", "264000");
        assert_eq!(compare(&measurements(&slow)).expect("all are there"), 2);
    }

    #[test]
    fn a_benchmark_that_was_not_measured_is_an_error() {
        assert!(compare(&[("tracer::pairs::leaks_pair live_100:", 1)]).is_err());
    }
}
