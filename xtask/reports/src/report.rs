//! `cargo xtask report`: what a capture shows as one HTML file.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::slice;

use anyhow::{Result, bail};
use heapbeacon_shared::report::{Moment, Report};

use crate::captures::{Elf, names, read, version};

/// Writes a capture as an HTML file that loads nothing.
///
/// # Errors
/// When the capture or the ELF file can't be read, or the ELF file is of another build.
pub(crate) fn print(arguments: &[OsString], out: &mut impl Write) -> Result<()> {
    let (path, elf) = match arguments {
        [path] => (Path::new(path), None),
        [path, option, elf] if option == "--elf" => (Path::new(path), Some(Path::new(elf))),
        _ => bail!("report takes a capture, and after --elf the ELF file that names its functions"),
    };
    let capture = read(path)?;
    let elf = elf.map(Elf::read).transpose()?;
    let named = names(slice::from_ref(&capture), elf.as_slice())?;
    let version = version(path, &capture, named[0]);
    let losses = match capture.loss.is_incomplete() {
        true => vec!["Part of the capture is missing, so this is incomplete.".to_owned()],
        false => Vec::new(),
    };
    let moments = Moment::of_history(&capture.heap, &capture.history);
    let report = Report {
        version: &version,
        device: &capture.device,
        heap: &capture.heap,
        moments: &moments,
        boots_us: &[],
        records: &capture.records,
        records_age_us: 0,
        verdict: None,
        losses: &losses,
    };
    Ok(out.write_all(report.html().as_bytes())?)
}
