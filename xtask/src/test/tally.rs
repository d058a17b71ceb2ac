//! How many tests passed and failed.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::ops::AddAssign;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use xshell::Cmd;

/// How many tests passed and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) passed: u32,
    pub(super) failed: u32,
}

impl Tally {
    /// One test that passed.
    pub(super) fn success() -> Self {
        Self {
            passed: 1,
            failed: 0,
        }
    }

    /// One test that failed.
    pub(super) fn failure() -> Self {
        Self {
            passed: 0,
            failed: 1,
        }
    }

    /// Counts a command as one test.
    pub(super) fn of_step(command: Cmd<'_>) -> Self {
        Self::of_result(command.run().map_err(Into::into))
    }

    /// Counts a step as one test.
    pub(super) fn of_result(result: Result<()>) -> Self {
        match result {
            Ok(()) => Self::success(),
            Err(error) => {
                eprintln!("error: {error:#}");
                Self::failure()
            }
        }
    }

    /// Runs `cargo test`, shows what it prints, and counts the tests that it ran. A run that ends badly without a
    /// failed test, because something does not compile, counts as one.
    ///
    /// # Errors
    /// When cargo cannot be started.
    pub(super) fn of_cargo_test(command: Cmd<'_>) -> Result<Self> {
        println!("$ {command}");
        let mut process = Command::from(command).stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().context("cargo has no output")?;
        let mut tally = Self::default();
        for line in BufReader::new(output).lines() {
            let line = line?;
            println!("{line}");
            tally += result_line(&line).unwrap_or_default();
        }
        if !process.wait()?.success() && tally.failed == 0 {
            tally += Self::failure();
        }
        Ok(tally)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Reads libtest's closing line: `test result: ok. 3 passed; 0 failed; 0 ignored; …`.
fn result_line(line: &str) -> Option<Tally> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let count = |word: &str| {
        let field = counts
            .split("; ")
            .find_map(|field| field.strip_suffix(word))?;
        field.trim().parse().ok()
    };
    Some(Tally {
        passed: count("passed")?,
        failed: count("failed")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_of_a_test_run_is_counted() {
        let line = "test result: FAILED. 31 passed; 2 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.01s";
        assert_eq!(
            result_line(line),
            Some(Tally {
                passed: 31,
                failed: 2
            })
        );
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in [
            "test result: of the survey",
            "test free_is_counted ... ok",
            "",
        ] {
            assert_eq!(result_line(line), None);
        }
    }

    #[test]
    fn the_total_reads_as_passed_and_failed() {
        let mut total = Tally::success();
        total += Tally::failure();
        total += Tally::success();
        assert_eq!(total.to_string(), "2 passed, 1 failed");
    }
}
