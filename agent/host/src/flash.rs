//! A file as a flash chip, or memory where there is none.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash, check_erase, check_read,
    check_write,
};

/// Bytes of a sector, as on an ESP32.
const SECTOR: usize = 4096;
/// Bytes of the chip, all of which are for settings.
pub(crate) const SIZE: usize = 4 * SECTOR;

/// A flash chip.
pub(crate) enum Flash {
    /// In a file, which outlives the process.
    File(File),
    /// In memory.
    Memory(Box<[u8; SIZE]>),
}

/// Why an operation failed.
#[derive(Debug)]
pub(crate) enum Error {
    /// The chip takes no such operation.
    Refused(NorFlashErrorKind),
    /// The file did not do it.
    File,
}

impl NorFlashError for Error {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::Refused(kind) => *kind,
            Self::File => NorFlashErrorKind::Other,
        }
    }
}

impl From<io::Error> for Error {
    fn from(_: io::Error) -> Self {
        Self::File
    }
}

impl Flash {
    /// Makes an erased chip that is gone with the process.
    pub(crate) fn in_memory() -> Self {
        Self::Memory(Box::new([0xFF; SIZE]))
    }

    /// Opens a chip in a file; one that is shorter than the chip is erased behind its end.
    ///
    /// # Errors
    /// Those of the file.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let length = file.metadata()?.len().min(SIZE as u64);
        file.write_all_at(&[0xFF; SIZE][length as usize..], length)?;
        Ok(Self::File(file))
    }

    fn put(&mut self, at: usize, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::File(file) => {
                file.write_all_at(bytes, at as u64)?;
                file.sync_data()?;
            }
            Self::Memory(memory) => memory[at..at + bytes.len()].copy_from_slice(bytes),
        }
        Ok(())
    }

    fn get(&self, at: usize, bytes: &mut [u8]) -> Result<(), Error> {
        match self {
            Self::File(file) => file.read_exact_at(bytes, at as u64)?,
            Self::Memory(memory) => bytes.copy_from_slice(&memory[at..at + bytes.len()]),
        }
        Ok(())
    }
}

impl ErrorType for Flash {
    type Error = Error;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        check_read(self, offset, bytes.len()).map_err(Error::Refused)?;
        self.get(offset as usize, bytes)
    }

    fn capacity(&self) -> usize {
        SIZE
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        check_erase(self, from, to).map_err(Error::Refused)?;
        let mut sectors = (from as usize..to as usize).step_by(SECTOR);
        sectors.try_for_each(|at| self.put(at, &[0xFF; SECTOR]))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        check_write(self, offset, bytes.len()).map_err(Error::Refused)?;
        let mut old = [0; SECTOR];
        let offsets = (offset as usize..).step_by(SECTOR);
        for (at, piece) in offsets.zip(bytes.chunks(SECTOR)) {
            let old = &mut old[..piece.len()];
            self.get(at, old)?;
            for (old, new) in old.iter_mut().zip(piece) {
                *old &= new;
            }
            self.put(at, old)?;
        }
        Ok(())
    }
}
