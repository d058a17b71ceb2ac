//! What `cargo xtask` tells of answers of the API: the commands that need its types, which xtask itself is too small for.

#![forbid(unsafe_code)]

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

mod captures;
mod compare;
mod discover;
mod export;
mod report;
mod symbolize;
mod symbols;
mod verdict;

/// What a comparison ends with that could not be made: 1 is one that failed.
const ERROR: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let is_compare = arguments
        .first()
        .is_some_and(|command| command == "compare");
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // Whoever reads has seen enough, as `head` does.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            match is_compare {
                true => ERROR.into(),
                false => ExitCode::FAILURE,
            }
        }
    }
}

/// What is said of arguments that nobody gives by hand.
const UNKNOWN: &str = "`cargo xtask` starts this, which knows what it takes";

/// Runs a command; returns whether all is well.
fn run(arguments: &[OsString]) -> Result<bool> {
    let input = io::stdin().lock();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut is_well = true;
    match arguments {
        [command, arguments @ ..] if command == "compare" => {
            is_well = compare::print(arguments, &mut out)?;
        }
        [command] if command == "discover" => is_well = discover::print(&mut out)?,
        [command, arguments @ ..] if command == "export" => export::write(arguments, &mut out)?,
        [command, arguments @ ..] if command == "report" => report::print(arguments, &mut out)?,
        [command] if command == "verdict" => verdict::print(input, &mut out)?,
        [command, elf] if command == "symbolize" => {
            symbolize::print(Path::new(elf), input, &mut out)?;
        }
        [command, elf, functions @ ..] if command == "embed" => {
            symbols::embed(Path::new(elf), has_functions(functions)?, &mut out)?;
        }
        [command, elf, file, functions @ ..] if command == "symbols" => {
            let [elf, file] = [elf, file].map(Path::new);
            symbols::write(elf, file, has_functions(functions)?, &mut out)?;
        }
        _ => bail!(UNKNOWN),
    }
    out.flush()?;
    Ok(is_well)
}

/// Reads whether a symbol file is to have functions.
fn has_functions(arguments: &[OsString]) -> Result<bool> {
    match arguments {
        [] => Ok(false),
        [argument] if argument == "--functions" => Ok(true),
        _ => bail!(UNKNOWN),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
