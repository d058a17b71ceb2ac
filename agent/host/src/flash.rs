//! A file as flash: what a device keeps in there, this process keeps in the file.

use std::fs::{File, OpenOptions};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read,
    check_write,
};

/// How the file is divided, in bytes.
pub(crate) const SETTINGS: Range<u32> = 0..0x4000;
pub(crate) const OTADATA: Range<u32> = SETTINGS.end..0x6000;
pub(crate) const SLOTS: [Range<u32>; 2] = [OTADATA.end..0x10_6000, 0x10_6000..0x20_6000];

/// Bytes that are erased at once, and written at once: as on an ESP32.
const SECTOR: usize = 4096;
const WORD: usize = 4;
/// Bytes that are changed at a time where more are written.
const PIECE: usize = 256;

/// A file as flash.
#[derive(Debug)]
pub(crate) struct FileFlash {
    file: File,
    length: u32,
}

/// Why an operation failed.
#[derive(Debug)]
pub(crate) enum Error {
    /// The file could not be read or written.
    File(std::io::Error),
    /// Flash does not do that.
    Refused(NorFlashErrorKind),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Refused(kind) => kind.fmt(f),
        }
    }
}

impl NorFlashError for Error {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::File(_) => NorFlashErrorKind::Other,
            Self::Refused(kind) => *kind,
        }
    }
}

impl FileFlash {
    /// Opens a file, and makes it an erased flash if it is not there.
    ///
    /// # Errors
    /// A sentence, when it can't be opened, or is no such flash.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let name = path.display();
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|error| format!("can't open --flash {name}: {error}"))?;
        let wanted = SLOTS[1].end;
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        let mut flash = Self {
            file,
            length: wanted,
        };
        if length == 0 {
            let erased = flash.erase(0, wanted);
            erased.map_err(|error| format!("can't write --flash {name}: {error}"))?;
        } else if length != u64::from(wanted) {
            return Err(format!(
                "--flash {name} has {length} bytes instead of {wanted}: name another file, or one that is not there"
            ));
        }
        Ok(flash)
    }
}

impl ErrorType for FileFlash {
    type Error = Error;
}

impl ReadNorFlash for FileFlash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        check_read(self, offset, bytes.len()).map_err(Error::Refused)?;
        let read = self.file.read_exact_at(bytes, offset.into());
        read.map_err(Error::File)
    }

    fn capacity(&self) -> usize {
        self.length as usize
    }
}

impl NorFlash for FileFlash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        check_erase(self, from, to).map_err(Error::Refused)?;
        let mut sectors = (from..to).step_by(SECTOR);
        sectors.try_for_each(|at| {
            let erased = self.file.write_all_at(&[0xFF; SECTOR], at.into());
            erased.map_err(Error::File)
        })
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        check_write(self, offset, bytes.len()).map_err(Error::Refused)?;
        let offsets = (u64::from(offset)..).step_by(PIECE);
        for (at, piece) in offsets.zip(bytes.chunks(PIECE)) {
            // Writing turns ones into zeros, and nothing else.
            let mut there = [0; PIECE];
            let there = &mut there[..piece.len()];
            self.file.read_exact_at(there, at).map_err(Error::File)?;
            for (byte, wanted) in there.iter_mut().zip(piece) {
                *byte &= wanted;
            }
            self.file.write_all_at(there, at).map_err(Error::File)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_erased_once_and_then_kept() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("flash");
        let mut flash = FileFlash::open(&path).expect("it is made");
        assert_eq!(flash.capacity(), 0x20_6000);
        flash.write(0x4004, &[0x0F, 1, 2, 3]).expect("it is erased");
        flash
            .write(0x4004, &[0xF1, 1, 2, 3])
            .expect("bits are cleared");
        let mut flash = FileFlash::open(&path).expect("it is there");
        let mut word = [0; 8];
        flash.read(0x4000, &mut word).expect("it is there");
        assert_eq!(word, [0xFF, 0xFF, 0xFF, 0xFF, 0x01, 1, 2, 3]);
        flash.erase(0x4000, 0x5000).expect("a whole sector");
        flash.read(0x4000, &mut word).expect("it is there");
        assert_eq!(word, [0xFF; 8]);
        assert!(flash.write(2, &[0; 4]).is_err(), "that is no whole word");
    }

    #[test]
    fn a_file_of_another_size_is_left_alone() {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("letter");
        std::fs::write(&path, "Dear Sir").expect("there is room");
        let error = FileFlash::open(&path).expect_err("it is no flash");
        assert!(error.contains("8 bytes instead of 2121728"), "{error}");
        assert_eq!(std::fs::read(&path).expect("it is there"), b"Dear Sir");
    }
}
