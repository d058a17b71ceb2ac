//! Programs that run beside this one.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};

/// A program that runs until this value goes.
pub(crate) struct Background {
    process: Child,
    /// Open as long as the program runs: printing into a closed pipe would end it.
    output: BufReader<ChildStdout>,
}

impl Background {
    /// Starts a program and reads what it prints until `find` finds something in a line; returns that too.
    ///
    /// # Errors
    /// When the program does not start, or ends before that.
    pub(crate) fn start<T>(
        command: impl Into<Command>,
        find: impl FnMut(String) -> Option<T>,
    ) -> Result<(Self, T)> {
        let mut process = command.into().stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().context("it has no output")?;
        let mut background = Self {
            process,
            output: BufReader::new(output),
        };
        let lines = background.output.by_ref().lines();
        let found = lines.map_while(Result::ok).find_map(find);
        Ok((background, found.context("it ended too early")?))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
