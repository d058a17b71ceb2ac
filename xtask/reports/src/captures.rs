//! Captures, and the ELF files that name their functions.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use heapbeacon_shared::capture::{Capture, CaptureReader};
use heapbeacon_shared::report::Version;
use heapbeacon_shared::symbols::Symbols;

/// An ELF file that names functions.
pub(crate) struct Elf {
    path: PathBuf,
    symbols: Symbols,
}

impl Elf {
    /// Reads a file.
    ///
    /// # Errors
    /// When it can't be read, or names nothing.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let bytes = fs::read(path).with_context(|| format!("{shown} can't be read"))?;
        let symbols =
            Symbols::parse(&bytes).with_context(|| format!("{shown} names no addresses"))?;
        let path = path.to_owned();
        Ok(Self { path, symbols })
    }

    /// Returns whether it is of the build of a capture; `None` where one of them does not say of which it is.
    fn fits(&self, capture: &Capture) -> Option<bool> {
        let own = self.symbols.build_id()?.to_string();
        let traced = &capture.device.build_id;
        (!traced.is_empty()).then(|| own == traced.text().as_str())
    }
}

/// Reads a capture, and says on standard error what is missing.
///
/// # Errors
/// When it can't be read, or is none.
pub(crate) fn read(path: &Path) -> Result<Capture> {
    let shown = path.display();
    let bytes = fs::read(path).with_context(|| format!("{shown} can't be read"))?;
    let mut reader = CaptureReader::new();
    let read = reader.push(&bytes).and_then(|()| reader.finish());
    let capture = read.with_context(|| format!("{shown} is no capture that can be read"))?;
    if capture.loss.is_incomplete() {
        eprintln!("warning: {shown} is damaged or has no end; what is left of it is told");
    }
    Ok(capture)
}

/// Returns which ELF file names the functions of each capture: the one of its build. Where a capture or a file does not say of which
/// build it is, files are taken in the order of the captures.
///
/// # Errors
/// When a file is of another build than every capture.
pub(crate) fn names<'e>(captures: &[Capture], elves: &'e [Elf]) -> Result<Vec<Option<&'e Elf>>> {
    let is_strange = |elf: &&Elf| {
        let mut captures = captures.iter();
        captures.all(|capture| elf.fits(capture) == Some(false))
    };
    if let Some(elf) = elves.iter().find(is_strange) {
        let other = if captures.len() == 1 {
            "the capture"
        } else {
            "both captures"
        };
        bail!(
            "{} is of another build than {other}. Give the ELF file of the firmware that ran",
            elf.path.display()
        );
    }
    let named = captures.iter().enumerate().map(|(index, capture)| {
        let unknown = elves.get(index).or_else(|| elves.last());
        let known = elves.iter().find(|elf| elf.fits(capture) == Some(true));
        known.or_else(|| unknown.filter(|elf| elf.fits(capture).is_none()))
    });
    Ok(named.collect())
}

/// Returns the call sites of a capture, which is called by the name of its file.
pub(crate) fn version(path: &Path, capture: &Capture, elf: Option<&Elf>) -> Version {
    let name = path.file_name().unwrap_or(path.as_os_str());
    Version::new(
        name.to_string_lossy().into_owned(),
        &capture.device,
        &capture.trace,
        &capture.leaks,
        |address| elf.map_or_else(Vec::new, |elf| elf.symbols.frames_of_return(address)),
    )
}
