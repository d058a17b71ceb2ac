//! Every test there is, in stages that can also be run alone.

mod esp32;
pub(crate) mod mutants;
mod newcomer;
mod reach;
mod stages;
mod tally;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::Workspace;
use stages::{STAGES, Stage};
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
    let mut lines = Vec::new();
    let mut total = Tally::default();
    for stage in &options.stages {
        println!("\n== {}: {}", stage.name, stage.about);
        let started = Instant::now();
        let tally = run_stage(workspace, stage, options).unwrap_or_else(|error| {
            eprintln!("error: {error:#}");
            Tally::failure(format!("{error:#}"))
        });
        lines.push(summary(stage.name, &tally, started.elapsed()));
        total += tally;
    }
    println!("\n{}\n\n{total}", lines.join("\n"));
    ensure!(total.has_passed(), "some tests failed");
    Ok(())
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
