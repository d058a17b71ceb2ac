//! `cargo xtask verdict`: what each leak of a series of answers is.

use std::io::{BufRead, Write};

use anyhow::{Context, Result, ensure};
use heapbeacon_shared::analysis::{Followed, Passed};
use heapbeacon_shared::trace::{Births, Leak, MAX_BIRTHS, Outlived, Period, Unrecorded};
use serde::Deserialize;

/// An answer of `GET /trace/leaks`, as far as verdicts are told from it; older agents say less.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    trace_id: u32,
    #[serde(default)]
    started_us: u64,
    time_us: u64,
    #[serde(default)]
    doubtful_until_us: u64,
    #[serde(default)]
    unrecorded: Vec<Unrecorded>,
    leaks: Vec<Entry>,
    total: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    stack: Stack,
    count: u64,
    bytes: u64,
    oldest_us: u64,
    newest_us: u64,
    outlived: Outlived,
    births: Slices,
}

#[derive(Debug, Deserialize)]
struct Stack {
    id: u32,
    allocations: u64,
    frees: u64,
    #[serde(default)]
    evicted: u64,
    longest_lifetime_us: u64,
}

#[derive(Debug, Deserialize)]
struct Slices {
    from_us: u64,
    slice_us: u64,
    counts: Vec<u64>,
}

/// Reads answers, one JSON document a line, those of one device in the order of time, and writes a line for each leak: when,
/// the id of its call stack, and the kind of the verdict.
///
/// # Errors
/// When a line is no such answer, those before it have been told; and when there is none.
pub(crate) fn print(answers: impl BufRead, out: &mut impl Write) -> Result<()> {
    let mut followed = Followed::default();
    let mut is_any = false;
    for (index, line) in answers.lines().enumerate() {
        let line = line.context("the answers can't be read")?;
        if line.trim().is_empty() {
            continue;
        }
        let answer: Answer = serde_json::from_str(&line).with_context(|| {
            let line = index + 1;
            format!(
                "line {line} is no answer of GET /api/v1/trace/leaks: give one JSON document a line, for example from \
                 `curl -s URL/api/v1/trace/leaks; echo`"
            )
        })?;
        tell(&mut followed, &answer, out)?;
        is_any = true;
    }
    ensure!(
        is_any,
        "there is no answer on standard input: pipe in those of GET /api/v1/trace/leaks, one JSON document a line"
    );
    Ok(())
}

fn tell(followed: &mut Followed, answer: &Answer, out: &mut impl Write) -> Result<()> {
    let period = answer.period();
    let leaks: Vec<_> = answer.leaks.iter().map(Entry::leak).collect();
    let listed = leaks
        .iter()
        .zip(answer.leaks.iter().map(|entry| entry.stack.passed()));
    let is_complete = answer
        .total
        .is_none_or(|total| answer.leaks.len() as u64 >= total);
    let verdicts = followed.judge(answer.trace_id, &period, listed, is_complete);
    for (leak, told) in leaks.iter().zip(verdicts) {
        let (time_us, stack, kind) = (answer.time_us, leak.stack, told.verdict.kind.name());
        writeln!(out, "{time_us} {stack} {kind}")?;
    }
    Ok(())
}

impl Answer {
    fn period(&self) -> Period {
        Period {
            started_us: self.started_us,
            time_us: self.time_us,
            doubtful_until_us: self.doubtful_until_us,
            // No agent sends more than there is room for.
            unrecorded: self.unrecorded.iter().copied().take(8).collect(),
        }
    }
}

impl Entry {
    fn leak(&self) -> Leak {
        Leak {
            stack: self.stack.id,
            count: self.count,
            bytes: self.bytes,
            oldest_us: self.oldest_us,
            newest_us: self.newest_us,
            outlived: self.outlived,
            births: self.births.births(),
        }
    }
}

impl Stack {
    fn passed(&self) -> Passed {
        Passed {
            allocations: self.allocations,
            frees: self.frees,
            evicted: self.evicted,
            longest_lifetime_us: self.longest_lifetime_us,
            is_shared: self.id == 0,
        }
    }
}

impl Slices {
    fn births(&self) -> Births {
        let counts = self.counts.iter().take(MAX_BIRTHS);
        Births {
            from_us: self.from_us,
            slice_us: self.slice_us,
            counts: counts
                .map(|count| (*count).try_into().unwrap_or(u32::MAX))
                .collect(),
        }
    }
}
