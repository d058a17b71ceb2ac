//! Programs that run beside a test.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A program that runs until this value goes.
pub(crate) struct Background {
    process: Child,
    /// Open as long as the program runs: it may print.
    output: BufReader<ChildStdout>,
}

impl Background {
    /// Starts a program, which `missing` tells how to get.
    pub(crate) fn start(command: &mut Command, missing: &str) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().expect(missing);
        let output = process.stdout.take().expect("it was asked for");
        Self {
            process,
            output: BufReader::new(output),
        }
    }

    /// Reads what the program prints until `find` finds something in a line; `None` if it ends before that.
    pub(crate) fn find<T>(&mut self, find: impl FnMut(String) -> Option<T>) -> Option<T> {
        let lines = self.output.by_ref().lines();
        lines.map_while(Result::ok).find_map(find)
    }

    /// Returns the id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
