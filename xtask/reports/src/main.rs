//! What `cargo xtask` tells of answers of the API: the commands that need its types, which xtask itself is too small for.

#![forbid(unsafe_code)]

use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

mod export;
mod symbolize;
mod symbols;
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
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let input = io::stdin().lock();
    let mut out = io::BufWriter::new(io::stdout().lock());
    match arguments.as_slice() {
        [command, arguments @ ..] if command == "export" => export::write(arguments, &mut out)?,
        [command] if command == "verdict" => verdict::print(input, &mut out)?,
        [command, elf] if command == "symbolize" => {
            symbolize::print(Path::new(elf), input, &mut out)?;
        }
        [command, elf] if command == "embed" => symbols::embed(Path::new(elf), &mut out)?,
        [command, elf, file] if command == "symbols" => {
            symbols::write(Path::new(elf), Path::new(file), &mut out)?;
        }
        _ => bail!("`cargo xtask` starts this, which knows what it takes"),
    }
    Ok(out.flush()?)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
