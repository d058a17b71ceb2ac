//! Writes a capture as other tools read it.

use heapbeacon_shared::export::{Format, ReadError, Recording};

use crate::lookup::{File, symbols};

/// Bytes that are read at once.
const PIECE_BYTES: u64 = 64 * 1024;

/// Takes what an export says while it is made.
pub trait Listener {
    /// Takes the next bytes of the document.
    fn write(&mut self, piece: &[u8]);

    /// Is told how much is done, in thousandths.
    fn reached(&mut self, permille: u32);
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// What the name of its file ends in, behind a dot.
    pub extension: &'static str,
    /// What the capture lacks, in sentences.
    pub losses: Vec<String>,
}

/// Writes a capture in the format of a name; `names` is the ELF or symbol file of its build.
///
/// # Errors
/// A sentence: why there is no document.
pub fn export(
    format: &str,
    capture: &dyn File,
    names: Option<&dyn File>,
    listener: &mut dyn Listener,
) -> Result<Exported, String> {
    let format: Format = format.parse().map_err(|error| format!("{error}."))?;
    let size = capture.size().max(1);
    // It is read twice: to see what there is, and to write it.
    let read = |listener: &mut dyn Listener, half: u64, offset: u64, piece: &mut [u8]| {
        listener.reached((500 * half + 500 * offset.min(size) / size) as u32);
        read_at(capture, offset, piece)
    };
    let recording = Recording::read(|offset, piece| read(listener, 0, offset, piece));
    let mut recording = recording.map_err(|error| match error {
        ReadError::Source(sentence) => sentence,
        ReadError::Capture(error) => format!("This can't be exported: {error}."),
    })?;
    if let Some(file) = names {
        let symbols = symbols(file, recording.build_id().text().as_str());
        let symbols = symbols.map_err(|problem| problem.to_string())?;
        recording.name(|address| symbols.frames_of_return(address));
    }
    let listener = core::cell::RefCell::new(listener);
    recording.write(
        format,
        |offset, piece| read(&mut **listener.borrow_mut(), 1, offset, piece),
        |piece| {
            listener.borrow_mut().write(piece);
            Ok(())
        },
    )?;
    Ok(Exported {
        extension: format.extension(),
        losses: recording.loss().sentences(),
    })
}

fn read_at(file: &dyn File, offset: u64, piece: &mut [u8]) -> Result<usize, String> {
    let len = PIECE_BYTES.min(piece.len() as u64);
    let end = file.size().min(offset.saturating_add(len));
    if offset >= end {
        return Ok(0);
    }
    let bytes = file.read(offset..end).ok_or_else(|| {
        "The capture can't be read any more; it may have been moved since. Open it again."
            .to_owned()
    })?;
    piece[..bytes.len()].copy_from_slice(&bytes);
    Ok(bytes.len())
}
