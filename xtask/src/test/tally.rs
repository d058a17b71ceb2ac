//! How many tests passed and failed.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader};
use std::ops::AddAssign;
use std::process::{Command, ExitStatus, Stdio};
use std::{fmt, iter, mem, thread};

use anyhow::{Context, Result};
use xshell::Cmd;

/// Most lines that are repeated of what a failed test said: its message comes first.
const FIRST_LINES: usize = 12;
/// The same of what another command has printed to its standard output, where it says last what failed.
const LAST_LINES: usize = 90;

/// How many tests passed and failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    passed: u32,
    failed: u32,
    failures: Vec<String>,
}

impl Tally {
    /// One test that passed.
    pub(super) fn success() -> Self {
        Self {
            passed: 1,
            ..Self::default()
        }
    }

    /// One test that failed.
    pub(super) fn failure(what: String) -> Self {
        Self {
            passed: 0,
            failed: 1,
            failures: vec![what],
        }
    }

    /// Counts a command as one test, and shows what it prints.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) fn of_step(command: Cmd<'_>) -> Result<Self> {
        let mut last = VecDeque::new();
        let shown = command.to_string();
        let status = follow(&shown, command.into(), |lines| {
            for line in lines {
                last.push_back(line?);
                if last.len() > LAST_LINES {
                    last.pop_front();
                }
            }
            Ok(())
        })?;
        Ok(match status.success() {
            true => Self::success(),
            false => Self::failure(told(&format!("`{shown}`: {status}"), last)),
        })
    }

    /// Counts a step as one test.
    pub(super) fn of_result(result: Result<()>) -> Self {
        match result {
            Ok(()) => Self::success(),
            Err(error) => {
                eprintln!("error: {error:#}");
                Self::failure(format!("{error:#}"))
            }
        }
    }

    /// Runs `cargo test`, shows what it prints, and counts the tests that it ran. A run that ends badly without a
    /// failed test, because something does not compile, counts as one.
    ///
    /// # Errors
    /// When cargo cannot be started.
    pub(super) fn of_cargo_test(command: Cmd<'_>) -> Result<Self> {
        Self::of_process(command.to_string(), command.into())
    }

    /// Does the same with two commands at a time: what they print comes line by line as it may.
    ///
    /// # Errors
    /// When cargo cannot be started.
    pub(super) fn of_both(commands: [Cmd<'_>; 2]) -> Result<Self> {
        Self::of_lanes(commands.map(|command| vec![command]))
    }

    /// Does the same with many commands, of two lists at a time.
    ///
    /// # Errors
    /// When cargo cannot be started.
    pub(super) fn of_lanes(lanes: [Vec<Cmd<'_>>; 2]) -> Result<Self> {
        // A shell is one thread's.
        let [first, second] = lanes.map(|lane| {
            let lane = lane.into_iter();
            lane.map(|command| (command.to_string(), Command::from(command)))
                .collect::<Vec<_>>()
        });
        let run = |lane: Vec<(String, Command)>| {
            let mut tally = Self::default();
            for (shown, command) in lane {
                tally += Self::of_process(shown, command)?;
            }
            anyhow::Ok(tally)
        };
        thread::scope(|scope| {
            let beside = scope.spawn(|| run(second));
            let mut tally = run(first)?;
            tally += beside.join().expect("it does not panic")?;
            Ok(tally)
        })
    }

    fn of_process(shown: String, command: Command) -> Result<Self> {
        let mut tally = Self::default();
        let status = follow(&shown, command, |lines| {
            tally = Self::of_lines(lines)?;
            Ok(())
        })?;
        if !status.success() && tally.failed == 0 {
            tally += Self::failure(format!("`{shown}`: {status}"));
        }
        Ok(tally)
    }

    /// Checks whether nothing failed.
    pub(super) fn has_passed(&self) -> bool {
        self.failed == 0
    }

    /// What failed, each with what it said: names of tests, or what went wrong.
    pub(super) fn failures(&self) -> &[String] {
        &self.failures
    }

    /// Counts what libtest says. What a failed test printed stands behind `---- its name stdout ----`; behind all of that is a list of
    /// their names, each indented by four blanks, and `test result: FAILED. 3 passed; 1 failed; 0 ignored; …`.
    fn of_lines(lines: impl Iterator<Item = io::Result<String>>) -> Result<Self> {
        let mut tally = Self::default();
        let mut listed = Vec::new();
        let mut outputs = Outputs::default();
        for line in lines {
            let line = line?;
            outputs.read(&line);
            if let Some((passed, failed)) = closing_line(&line) {
                tally.passed += passed;
                tally.failed += failed;
                let outputs = mem::take(&mut outputs);
                if failed > 0 {
                    let failures = listed.drain(..).map(|name| outputs.told_with(name));
                    tally.failures.extend(failures);
                }
            }
            match line.strip_prefix("    ") {
                Some(name) => listed.push(name.to_owned()),
                None if line.is_empty() => {}
                None => listed.clear(),
            }
        }
        Ok(tally)
    }
}

/// Runs a command and shows each line that it prints, which `read` gets, too.
fn follow(
    shown: &str,
    mut command: Command,
    read: impl FnOnce(&mut dyn Iterator<Item = io::Result<String>>) -> Result<()>,
) -> Result<ExitStatus> {
    println!("$ {shown}");
    let mut process = command.stdout(Stdio::piped()).spawn()?;
    let output = process.stdout.take().context("it has no output")?;
    // Programs print what they like.
    let lines = BufReader::new(output).split(b'\n').map(|line| {
        let line = line?;
        let line = String::from_utf8_lossy(&line).into_owned();
        println!("{line}");
        Ok(line)
    });
    read(&mut { lines })?;
    Ok(process.wait()?)
}

/// Returns the name of a test, and what it said below, for those who see only the end of a long log.
fn told(name: &str, said: impl IntoIterator<Item = String>) -> String {
    let lines = said.into_iter().filter(|line| !line.trim().is_empty());
    iter::once(name.to_owned())
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n            | ")
}

/// What failed tests have printed.
#[derive(Default)]
struct Outputs {
    /// Name and lines of each.
    of_tests: Vec<(String, Vec<String>)>,
    /// Whether the last one goes on.
    is_open: bool,
}

impl Outputs {
    /// Takes a line, which may be the heading of what one printed, or a part of that.
    fn read(&mut self, line: &str) {
        let heading = line.strip_prefix("---- ");
        if let Some(name) = heading.and_then(|heading| heading.strip_suffix(" stdout ----")) {
            self.of_tests.push((name.to_owned(), Vec::new()));
            self.is_open = true;
            return;
        }
        self.is_open &= line != "failures:";
        if let Some((_, lines)) = self.of_tests.last_mut()
            && self.is_open
            && !line.trim().is_empty()
            && lines.len() < FIRST_LINES
        {
            lines.push(line.to_owned());
        }
    }

    fn told_with(&self, name: String) -> String {
        let own = self.of_tests.iter().find(|(of, _)| *of == name);
        let lines = own.map(|(_, lines)| lines.clone());
        told(&name, lines.unwrap_or_default())
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend(other.failures);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Reads how many tests passed and failed.
fn closing_line(line: &str) -> Option<(u32, u32)> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let count = |word: &str| {
        let field = counts
            .split("; ")
            .find_map(|field| field.strip_suffix(word))?;
        field.trim().parse().ok()
    };
    Some((count("passed")?, count("failed")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(output: &str) -> Tally {
        let lines = output.lines().map(|line| Ok(line.to_owned()));
        Tally::of_lines(lines).expect("lines in memory can be read")
    }

    #[test]
    fn tests_that_passed_and_failed_are_counted_and_the_failed_ones_named() {
        let output = "\
running 3 tests
test records::free_is_counted ... ok
test records::a_gap_is_seen ... FAILED

failures:

---- records::a_gap_is_seen stdout ----
assertion failed: left == right
    left: 1

failures:
    records::a_gap_is_seen

test result: FAILED. 31 passed; 1 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.01s

running 1 test
test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s
";
        let expected = Tally {
            passed: 32,
            failed: 1,
            failures: vec![told(
                "records::a_gap_is_seen",
                ["assertion failed: left == right", "    left: 1"].map(str::to_owned),
            )],
        };
        assert_eq!(tally(output), expected);
    }

    #[test]
    fn other_lines_count_nothing() {
        let output = "test result: of the survey\ntest free_is_counted ... ok\n    indented\n";
        assert_eq!(tally(output), Tally::default());
    }

    #[test]
    fn the_total_reads_as_passed_and_failed() {
        let mut total = Tally::success();
        total += Tally::failure("the stage did not end".to_owned());
        total += Tally::success();
        assert_eq!(total.to_string(), "2 passed, 1 failed");
    }
}
