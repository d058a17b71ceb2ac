//! `cargo xtask compare`: what changed from one capture to another.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use heapbeacon_shared::analysis::{Comparison, Turn};
use heapbeacon_shared::api::{Leak, LeaksPage};
use heapbeacon_shared::capture::{Capture, Lost, lost};
use heapbeacon_shared::report::{Compared, Site};
use heapbeacon_shared::words::plural;
use lexopt::{Arg, Parser, ValueExt};

use crate::captures::{Elf, names, read, version};

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
    /// Nothing refers to a block any more, by both captures.
    Lost,
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
    let elves = options.elves.iter().map(|path| Elf::read(path));
    let elves = elves.collect::<Result<Vec<_>>>()?;
    let named = names(&captures, &elves)?;
    check_order(&captures)?;
    let [before, after] = [(0, before), (1, after)]
        .map(|(index, path)| version(path, &captures[index], named[index]));
    let compared = Compared::new(&before, &after)?;
    out.write_all(compared.text().as_bytes())?;
    let Lost { leaks, moved } = match lost(&captures[0], &captures[1]) {
        Ok(lost) => lost,
        Err(why) if options.failures.contains(&Failure::Lost) => {
            out.flush()?;
            return Err(why).context("nobody can tell whether blocks are lost");
        }
        Err(_) => Lost::default(),
    };
    let lost = lost_sites(&captures[1], leaks, named[1]);
    for site in &lost {
        writeln!(out, "{}", lost_words(site))?;
    }
    if moved > 0 {
        let blocks = plural(moved as u64, "block");
        writeln!(
            out,
            "- {blocks} may be lost or not: what points there has moved while the device looked for it. Fetch two captures at a quieter time."
        )?;
    }
    for (path, capture) in options.captures.iter().zip(&captures) {
        if capture.loss.is_incomplete() {
            let shown = path.display();
            writeln!(
                out,
                "- {shown} is damaged or has no end: what looks gone or new may be missing there only."
            )?;
            if !options.failures.is_empty() {
                out.flush()?;
                bail!(
                    "{shown} is not whole, so nobody can tell whether what --fail-on names has happened; fetch it again"
                );
            }
        }
    }
    let happened = options
        .failures
        .iter()
        .filter(|failure| failure.has_happened(&compared.comparison, &lost));
    let mut is_well = true;
    for failure in happened {
        writeln!(out, "\nFailed: {}.", failure.words())?;
        is_well = false;
    }
    Ok(is_well)
}

/// Checks that the earlier capture comes first, where that can be told.
fn check_order(captures: &[Capture; 2]) -> Result<()> {
    let of = |capture: &Capture| (capture.device.boot_id, capture.trace.trace_id);
    let [before, after] = captures;
    let [then, now] = captures
        .each_ref()
        .map(|capture| capture.trace.summary.time_us);
    if of(before) == of(after) && before.device.boot_id != 0 && now < then {
        bail!(
            "the second capture is the earlier one: give them in the order in which they were taken"
        );
    }
    Ok(())
}

/// Returns the call sites of what is lost.
fn lost_sites(capture: &Capture, leaks: Vec<Leak>, elf: Option<&Elf>) -> Vec<Site> {
    let capture = Capture {
        leaks: LeaksPage {
            leaks,
            ..LeaksPage::default()
        },
        ..capture.clone()
    };
    version(Path::new("lost"), &capture, elf).sites
}

fn lost_words(site: &Site) -> String {
    let at = site.at.as_deref().map(|at| format!(" ({at})"));
    format!(
        "- Lost, so that nothing can free them: {} of `{}`{}, {} bytes.",
        plural(site.holding.count, "block"),
        site.name,
        at.unwrap_or_default(),
        site.holding.bytes
    )
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

impl Failure {
    fn parse(words: &str) -> Result<Self> {
        match words.split_once('=') {
            Some(("grown", size)) => Ok(Self::Grown(bytes(size)?)),
            Some(("new", size)) => Ok(Self::New(bytes(size)?)),
            None if words == "leaking" => Ok(Self::Leaking),
            None if words == "lost" => Ok(Self::Lost),
            _ => bail!(
                "--fail-on takes grown=SIZE, new=SIZE, leaking or lost, with a size such as 4KiB, not `{words}`"
            ),
        }
    }

    fn has_happened(self, comparison: &Comparison, lost: &[Site]) -> bool {
        let exceeds = |turn, most| {
            let mut changes = comparison.of(turn);
            changes.any(|change| change.bytes().unsigned_abs() > most)
        };
        match self {
            Self::Grown(most) => exceeds(Turn::Grown, most),
            Self::New(most) => exceeds(Turn::New, most),
            Self::Leaking => comparison.new_leaks().next().is_some(),
            Self::Lost => !lost.is_empty(),
        }
    }

    fn words(self) -> String {
        match self {
            Self::Grown(most) => format!("a call site has grown by more than {most} bytes"),
            Self::New(most) => format!("a new call site holds more than {most} bytes"),
            Self::Leaking => "a call site leaks that did not before".to_owned(),
            Self::Lost => "blocks are lost: nothing refers to them any more".to_owned(),
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
        assert_eq!(Failure::parse("lost").expect("it is one"), Failure::Lost);
        for words in ["", "grown", "leaking=1", "lost=1", "shrunk=1", "grown=much"] {
            assert!(Failure::parse(words).is_err(), "{words}");
        }
    }
}
