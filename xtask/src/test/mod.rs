//! Every test there is, in stages that can also be run alone.

mod esp32;
pub(crate) mod mutants;
mod newcomer;
mod reach;
mod stages;
mod tally;

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::Workspace;
use stages::{Cores, STAGES, Stage};
use tally::Tally;

/// Which stages run, and against what.
pub(crate) struct Options {
    stages: Vec<&'static Stage>,
    url: Option<String>,
}

impl Options {
    /// Chooses the stages by name; no name means all of them.
    ///
    /// # Errors
    /// When there is no such stage, or there is a URL for stages that start an agent of their own.
    pub(crate) fn new(names: &[String], url: Option<String>) -> Result<Self> {
        if url.is_some() && names != ["api"] {
            bail!(
                "--url belongs to `cargo xtask test api`: every other stage starts an agent of its own"
            );
        }
        let stages = if names.is_empty() {
            STAGES.iter().collect()
        } else {
            names
                .iter()
                .map(|name| stage(name))
                .collect::<Result<_>>()?
        };
        Ok(Self { stages, url })
    }
}

fn stage(name: &str) -> Result<&'static Stage> {
    let known = || STAGES.map(|stage| stage.name).join(", ");
    let found = STAGES.iter().find(|stage| stage.name == name);
    found.with_context(|| format!("there is no stage `{name}`; there are {}", known()))
}

/// Runs the chosen stages, also those behind one that failed, and prints what came of each.
///
/// # Errors
/// When something failed.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let of = |cores| {
        let stages = options.stages.iter().copied();
        stages
            .filter(|stage| stage.cores == cores)
            .collect::<Vec<_>>()
    };
    let run_all = |stages: &[&Stage]| {
        let told = stages.iter().map(|stage| timed(workspace, stage, options));
        told.collect::<Vec<_>>()
    };
    let mut told = run_all(&of(Cores::Both));
    let [first, second] = [Cores::First, Cores::Second].map(of);
    if first.is_empty() {
        told.append(&mut run_all(&second));
    } else {
        let beside = run_beside(&second, options, || told.append(&mut run_all(&first)))?;
        told.extend(beside);
    }
    let lines: Vec<_> = told.iter().map(|(line, _)| line.as_str()).collect();
    println!("\n{}", lines.join("\n"));
    let mut total = Tally::default();
    told.into_iter().for_each(|(_, tally)| total += tally);
    println!("\n{total}");
    ensure!(total.has_passed(), "some tests failed");
    Ok(())
}

/// Runs stages one after the other beside something else: what they print comes line by line as it may. Returns the line of each, and its tally.
fn run_beside(
    stages: &[&Stage],
    options: &Options,
    something: impl FnOnce(),
) -> Result<Vec<(String, Tally)>> {
    thread::scope(|scope| {
        let beside = scope.spawn(|| {
            // A shell is one thread's.
            let workspace = Workspace::open()?;
            workspace.shell.set_var("CARGO_BUILD_JOBS", "1");
            let told = stages.iter().map(|stage| timed(&workspace, stage, options));
            anyhow::Ok(told.collect())
        });
        something();
        beside.join().expect("it does not panic")
    })
}

/// Runs a stage and returns its line and its tally.
fn timed(workspace: &Workspace, stage: &Stage, options: &Options) -> (String, Tally) {
    println!("\n== {}: {}", stage.name, stage.about);
    let started = Instant::now();
    let tally = run_stage(workspace, stage, options).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        Tally::failure(format!("{error:#}"))
    });
    (summary(stage.name, &tally, started.elapsed()), tally)
}

fn run_stage(workspace: &Workspace, stage: &Stage, options: &Options) -> Result<Tally> {
    let tally = (stage.run)(workspace, options.url.as_deref())?;
    ensure!(tally != Tally::default(), "the stage ran no test");
    Ok(tally)
}

/// A stage's line, and one for each of its failures: who reads only the end of a long log sees them.
fn summary(name: &str, tally: &Tally, time: Duration) -> String {
    let mut lines = format!("{name:<8} {:>6.1} s  {tally}", time.as_secs_f64());
    for failure in tally.failures() {
        lines.push_str("\n         failed: ");
        lines.push_str(failure);
    }
    lines
}
