//! `cargo xtask export`: a capture as other tools read it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use heapbeacon_shared::export::{Format, ReadError, Recording};
use heapbeacon_shared::symbols::Symbols;

/// What is exported, and where to.
#[derive(Debug)]
struct Options {
    capture: PathBuf,
    format: Format,
    elf: Option<PathBuf>,
    out: Option<PathBuf>,
}

/// Writes a capture in another format, to standard output unless a file is named.
///
/// The file is read again and again instead of being held, so a long stream takes no more memory than a short one.
///
/// # Errors
/// When the format is none of those that there are, the capture can't be read or says nothing of a trace, the ELF file names
/// nothing or is of another firmware, and when the document can't be written.
pub(crate) fn write(arguments: &[OsString], out: &mut impl Write) -> Result<()> {
    let options = options(arguments)?;
    let path = options.capture.display();
    let mut capture =
        File::open(&options.capture).with_context(|| format!("{path} can't be read"))?;
    let mut read = |offset, piece: &mut [u8]| read_at(&mut capture, offset, piece);
    let mut recording = match Recording::read(&mut read) {
        Ok(recording) => recording,
        Err(ReadError::Source(error)) => {
            return Err(error).context(format!("{path} can't be read"));
        }
        Err(ReadError::Capture(error)) => bail!("{path} is no capture that can be read: {error}"),
    };
    tell_loss(&recording);
    if let Some(elf) = &options.elf {
        name(&mut recording, elf)?;
    }
    match &options.out {
        None => recording.write(options.format, read, |piece| out.write_all(piece))?,
        Some(path) => {
            // Under another name until it is whole.
            let mut part = path.clone().into_os_string();
            part.push(".part");
            let written = File::create(&part).and_then(|file| {
                let mut file = BufWriter::new(file);
                recording.write(options.format, read, |piece| file.write_all(piece))?;
                file.flush()?;
                fs::rename(&part, path)
            });
            if written.is_err() {
                // What was written of it is of no use.
                let _ = fs::remove_file(&part);
            }
            written.with_context(|| format!("{} can't be written", path.display()))?;
        }
    }
    Ok(())
}

/// Reads the arguments as xtask hands them on: `CAPTURE FORMAT`, and then `--elf ELF` and `--out FILE` where they were given.
fn options(arguments: &[OsString]) -> Result<Options> {
    let [capture, format, rest @ ..] = arguments else {
        bail!("`cargo xtask export` starts this, which knows what it takes");
    };
    let mut options = Options {
        capture: capture.into(),
        format: format.to_string_lossy().parse()?,
        elf: None,
        out: None,
    };
    for pair in rest.chunks(2) {
        match pair {
            [option, elf] if option == "--elf" => options.elf = Some(elf.into()),
            [option, out] if option == "--out" => options.out = Some(out.into()),
            _ => bail!("`cargo xtask export` starts this, which knows what it takes"),
        }
    }
    Ok(options)
}

fn read_at(file: &mut File, offset: u64, piece: &mut [u8]) -> io::Result<usize> {
    file.seek(SeekFrom::Start(offset))?;
    file.read(piece)
}

/// Says on standard error what of the capture could not be read.
fn tell_loss(recording: &Recording) {
    let loss = recording.loss();
    if loss.skipped_bytes > 0 || loss.lost_messages > 0 {
        eprintln!(
            "warning: the capture is damaged: {} bytes were skipped, and {} messages are missing; the rest is exported",
            loss.skipped_bytes, loss.lost_messages
        );
    }
    if loss.is_cut_off {
        eprintln!(
            "warning: the capture has no end, as one that was saved from an event connection, or was cut off; all until \
             there is exported"
        );
    }
    if loss.other_captures > 0 {
        eprintln!(
            "warning: the file holds {} captures, one behind the other; the last is exported",
            u64::from(loss.other_captures) + 1
        );
    }
}

/// Names the functions of a recording by an ELF file.
fn name(recording: &mut Recording, elf: &Path) -> Result<()> {
    let path = elf.display();
    let bytes = fs::read(elf).with_context(|| format!("{path} can't be read"))?;
    let symbols = Symbols::parse(&bytes).with_context(|| format!("{path} names no addresses"))?;
    let (traced, own) = (recording.build_id(), symbols.build_id());
    if let Some(own) = own
        && !traced.is_empty()
        && own.to_string() != traced.text().as_str()
    {
        bail!(
            "{path} is of another build: its build id is {own}, that of the capture {traced}. Give the ELF file of the \
             firmware that ran"
        );
    }
    recording.name(|address| symbols.frames_of_return(address));
    Ok(())
}
