//! Makes one file of a firmware that holds all of a chip's flash, and weighs firmware.
//!
//! `cargo xtask` calls it. It downloads nothing: espflash brings the bootloaders.

mod merge;
mod weigh;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;

const USAGE: &str = "\
heapbeacon-image merge --chip esp32c3|esp32c5|esp32c6|esp32c61 --partitions CSV --out FILE --app FILE ELF
heapbeacon-image weigh ELF

`merge` writes bootloader, partition table and firmware as they lie in 4 MB of flash, and the firmware alone, as it is signed for an update.
`weigh` prints what a firmware takes, in bytes.";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut parser = lexopt::Parser::from_env();
    let command = match parser.next()? {
        Some(Value(command)) => command.string()?,
        _ => bail!("{USAGE}"),
    };
    let mut options = Options::parse(parser)?;
    match command.as_str() {
        "merge" => {
            let chip = merge::chip(&wanted(options.chip.take())?)?;
            let partitions = wanted(options.partitions.take())?;
            let image = merge::merge(&options.elf()?, chip, Path::new(&partitions))?;
            write(options.out.take(), &image.flash)?;
            write(options.app.take(), &image.app)
        }
        "weigh" => {
            let weight = weigh::weigh(&options.elf()?)?;
            print!("{weight}");
            Ok(())
        }
        _ => bail!("{USAGE}"),
    }
}

#[derive(Default)]
struct Options {
    chip: Option<OsString>,
    partitions: Option<OsString>,
    out: Option<OsString>,
    app: Option<OsString>,
    elf: Option<OsString>,
}

impl Options {
    fn parse(mut parser: lexopt::Parser) -> Result<Self> {
        let mut options = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("chip") => options.chip = Some(parser.value()?),
                Long("partitions") => options.partitions = Some(parser.value()?),
                Long("out") => options.out = Some(parser.value()?),
                Long("app") => options.app = Some(parser.value()?),
                Value(path) if options.elf.is_none() => options.elf = Some(path),
                other => return Err(other.unexpected().into()),
            }
        }
        Ok(options)
    }

    fn elf(&mut self) -> Result<Vec<u8>> {
        let path = PathBuf::from(wanted(self.elf.take())?);
        fs::read(&path).with_context(|| format!("can't read {}", path.display()))
    }
}

fn write(path: Option<OsString>, bytes: &[u8]) -> Result<()> {
    let path = PathBuf::from(wanted(path)?);
    fs::write(&path, bytes).with_context(|| format!("can't write {}", path.display()))
}

fn wanted(option: Option<OsString>) -> Result<OsString> {
    option.context(USAGE)
}
