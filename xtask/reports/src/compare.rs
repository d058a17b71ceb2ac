//! `cargo xtask compare`: what changed from one capture to another.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use heapbeacon_shared::analysis::{Comparison, Turn};
use heapbeacon_shared::capture::{Capture, CaptureReader};
use heapbeacon_shared::report::{Compared, Version};
use heapbeacon_shared::symbols::Symbols;
use lexopt::{Arg, Parser, ValueExt};

/// What is compared, by which names, and when that is a failure.
#[derive(Debug, Default)]
struct Options {
    captures: Vec<PathBuf>,
    elves: Vec<PathBuf>,
    failures: Vec<Failure>,
}

/// What must not have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// A call site holds more bytes than before by more than so many.
    Grown(u64),
    /// A call site that held nothing holds more than so many bytes.
    New(u64),
    /// A call site leaks that did not before.
    Leaking,
}

/// An ELF file that names functions.
struct Elf {
    path: PathBuf,
    symbols: Symbols,
}

/// Writes what changed from one capture to another as a text for an issue. Returns whether all is well: nothing has happened that is
/// named as a failure.
///
/// # Errors
/// When a capture or an ELF file can't be read, an ELF file is of neither capture, and when the two can't be compared.
pub(crate) fn print(arguments: &[OsString], out: &mut impl Write) -> Result<bool> {
    let options = options(arguments)?;
    let [before, after] = &options.captures[..] else {
        bail!("compare takes two captures, the earlier one first");
    };
    let captures = [read(before)?, read(after)?];
    let elves = options.elves.iter().map(|path| elf(path));
    let elves = elves.collect::<Result<Vec<_>>>()?;
    let named = names(&captures, &elves)?;
    let title = |path: &Path| {
        let name = path.file_name().unwrap_or(path.as_os_str());
        name.to_string_lossy().into_owned()
    };
    let version = |index: usize, path: &Path| {
        let capture = &captures[index];
        Version::new(
            title(path),
            &capture.device,
            &capture.trace,
            &capture.leaks,
            |address| {
                let elf = named[index].map(|elf| &elf.symbols);
                elf.map_or_else(Vec::new, |symbols| symbols.frames_of_return(address))
            },
        )
    };
    let (before, after) = (version(0, before), version(1, after));
    let compared = Compared::new(&before, &after)?;
    out.write_all(compared.text().as_bytes())?;
    let happened = options
        .failures
        .iter()
        .filter(|failure| failure.has_happened(&compared.comparison));
    let mut is_well = true;
    for failure in happened {
        writeln!(out, "\nFailed: {}.", failure.words())?;
        is_well = false;
    }
    Ok(is_well)
}

fn options(arguments: &[OsString]) -> Result<Options> {
    let mut parser = Parser::from_args(arguments.iter().cloned());
    let mut options = Options::default();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(capture) if options.captures.len() < 2 => {
                options.captures.push(capture.into());
            }
            Arg::Long("elf") if options.elves.len() < 2 => {
                options.elves.push(parser.value()?.into());
            }
            Arg::Long("fail-on") => {
                let words = parser.value()?.string()?;
                options.failures.push(Failure::parse(&words)?);
            }
            _ => return Err(arg.unexpected().into()),
        }
    }
    Ok(options)
}

fn read(path: &Path) -> Result<Capture> {
    let shown = path.display();
    let bytes = fs::read(path).with_context(|| format!("{shown} can't be read"))?;
    let mut reader = CaptureReader::new();
    let read = reader.push(&bytes).and_then(|()| reader.finish());
    let capture = read.with_context(|| format!("{shown} is no capture that can be read"))?;
    if capture.loss.is_incomplete() {
        eprintln!("warning: {shown} is damaged or has no end; what is left of it is compared");
    }
    Ok(capture)
}

fn elf(path: &Path) -> Result<Elf> {
    let shown = path.display();
    let bytes = fs::read(path).with_context(|| format!("{shown} can't be read"))?;
    let symbols = Symbols::parse(&bytes).with_context(|| format!("{shown} names no addresses"))?;
    let path = path.to_owned();
    Ok(Elf { path, symbols })
}

/// Returns which ELF file names the functions of each capture: the one of its build. Where a capture or a file does not say of which
/// build it is, files are taken in the order of the captures.
fn names<'e>(captures: &[Capture; 2], elves: &'e [Elf]) -> Result<[Option<&'e Elf>; 2]> {
    let fits = |capture: &Capture, elf: &Elf| {
        let own = elf.symbols.build_id().map(ToString::to_string);
        let traced = &capture.device.build_id;
        own.filter(|_| !traced.is_empty())
            .map(|own| own == traced.text().as_str())
    };
    for elf in elves {
        if captures
            .iter()
            .all(|capture| fits(capture, elf) == Some(false))
        {
            bail!(
                "{} is of another build than both captures. Give the ELF file of the firmware that ran",
                elf.path.display()
            );
        }
    }
    let of = |index: usize| {
        let capture = &captures[index];
        let unknown = elves.get(index).or_else(|| elves.last());
        let known = elves.iter().find(|elf| fits(capture, elf) == Some(true));
        known.or_else(|| unknown.filter(|elf| fits(capture, elf).is_none()))
    };
    Ok([of(0), of(1)])
}

impl Failure {
    fn parse(words: &str) -> Result<Self> {
        match words.split_once('=') {
            Some(("grown", size)) => Ok(Self::Grown(bytes(size)?)),
            Some(("new", size)) => Ok(Self::New(bytes(size)?)),
            None if words == "leaking" => Ok(Self::Leaking),
            _ => bail!(
                "--fail-on takes grown=SIZE, new=SIZE or leaking, with a size such as 4KiB, not `{words}`"
            ),
        }
    }

    fn has_happened(self, comparison: &Comparison) -> bool {
        let exceeds = |turn, most| {
            let mut changes = comparison.of(turn);
            changes.any(|change| change.bytes().unsigned_abs() > most)
        };
        match self {
            Self::Grown(most) => exceeds(Turn::Grown, most),
            Self::New(most) => exceeds(Turn::New, most),
            Self::Leaking => comparison.new_leaks().next().is_some(),
        }
    }

    fn words(self) -> String {
        match self {
            Self::Grown(most) => format!("a call site has grown by more than {most} bytes"),
            Self::New(most) => format!("a new call site holds more than {most} bytes"),
            Self::Leaking => "a call site leaks that did not before".to_owned(),
        }
    }
}

/// Reads a number of bytes, such as `512`, `4KiB` or `1MiB`.
fn bytes(text: &str) -> Result<u64> {
    let units = [("KiB", 1 << 10), ("MiB", 1 << 20), ("B", 1), ("", 1)];
    let unit = units.into_iter().find_map(|(unit, bytes)| {
        let number = text.strip_suffix(unit)?.trim_end();
        number.parse::<u64>().ok()?.checked_mul(bytes)
    });
    unit.with_context(|| format!("`{text}` is no size; write it as 512, 4KiB or 1MiB"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_unit() {
        for (text, expected) in [
            ("0", 0),
            ("512", 512),
            ("512B", 512),
            ("4KiB", 4_096),
            ("4 KiB", 4_096),
            ("1MiB", 1 << 20),
        ] {
            assert_eq!(bytes(text).expect("it is a size"), expected, "{text}");
        }
        for text in ["", "KiB", "-1", "4KB", "1.5KiB", "99999999999999999MiB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_what_is_known_is_a_failure() {
        let grown = Failure::parse("grown=4KiB").expect("it is one");
        assert_eq!(grown, Failure::Grown(4_096));
        assert_eq!(Failure::parse("new=0").expect("it is one"), Failure::New(0));
        assert_eq!(
            Failure::parse("leaking").expect("it is one"),
            Failure::Leaking
        );
        for words in ["", "grown", "leaking=1", "shrunk=1", "grown=much"] {
            assert!(Failure::parse(words).is_err(), "{words}");
        }
    }
}
