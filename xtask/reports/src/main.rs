//! What `cargo xtask` tells of answers of the API: the commands that need its types, which xtask itself is too small for.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};

mod verdict;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has seen enough, as `head` does.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let command = std::env::args().nth(1);
    match command.as_deref() {
        Some("verdict") => {
            let mut out = io::BufWriter::new(io::stdout().lock());
            verdict::print(io::stdin().lock(), &mut out)?;
            Ok(out.flush()?)
        }
        _ => bail!("this is started by `cargo xtask verdict`"),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
