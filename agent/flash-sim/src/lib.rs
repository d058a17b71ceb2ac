//! A flash chip in memory whose power can be cut in the middle of any operation.
//!
//! It is NOR flash as an ESP32 has it: sectors of 4 KiB are erased to ones, writing turns ones into zeros, four bytes at a time. Where the
//! power goes, a word or a sector is left half done: any of the bits that were to change may have.

use embedded_storage::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
    check_erase, check_read, check_write,
};

/// Bytes of a sector, which is erased as a whole.
pub const SECTOR: usize = 4096;
/// Bytes that are written at once.
pub const WORD: usize = 4;

/// A flash chip in memory.
#[derive(Clone, Debug)]
pub struct Flash {
    bytes: Vec<u8>,
    /// Operations until the power is cut.
    left: Option<u64>,
    has_power: bool,
    operations: u64,
    random: u64,
}

/// Why an operation failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The power is off.
    NoPower,
    /// The operation makes no sense to the chip.
    Refused(NorFlashErrorKind),
}

impl NorFlashError for Error {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NoPower => NorFlashErrorKind::Other,
            Self::Refused(kind) => *kind,
        }
    }
}

impl Flash {
    /// Makes an erased chip of so many sectors.
    pub fn new(sectors: usize) -> Self {
        Self::of(vec![0xFF; sectors * SECTOR])
    }

    /// Makes a chip that holds these bytes: whole sectors.
    ///
    /// # Panics
    /// If they are none.
    pub fn of(bytes: Vec<u8>) -> Self {
        assert!(bytes.len().is_multiple_of(SECTOR), "whole sectors");
        Self {
            bytes,
            left: None,
            has_power: true,
            operations: 0,
            random: 1,
        }
    }

    /// Cuts the power in the operation behind the next `operations`: the write of a word, or the erasure of a sector, each of which is
    /// done in part, as `seed` has it.
    pub fn cut_after(&mut self, operations: u64, seed: u64) {
        self.left = Some(operations);
        self.random = seed | 1;
    }

    /// Turns the power on again, for good.
    pub fn restart(&mut self) {
        self.left = None;
        self.has_power = true;
    }

    /// Checks whether it has power.
    pub fn has_power(&self) -> bool {
        self.has_power
    }

    /// Returns how many words were written and sectors erased, since it was made.
    pub fn operations(&self) -> u64 {
        self.operations
    }

    /// Returns what it holds.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns what it holds, to be changed behind its back.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Makes bytes at `at` become `wanted`, or some of their bits if the power goes meanwhile.
    fn change(&mut self, at: usize, wanted: &[u8]) -> Result<(), Error> {
        let is_cut = self.left == Some(0);
        self.left = self.left.map(|left| left.saturating_sub(1));
        self.operations += 1;
        for (index, &wanted) in wanted.iter().enumerate() {
            let changes = match is_cut {
                true => self.next_random(),
                false => 0xFF,
            };
            let byte = &mut self.bytes[at + index];
            *byte ^= (*byte ^ wanted) & changes;
        }
        self.has_power = !is_cut;
        self.check_power()
    }

    fn check_power(&self) -> Result<(), Error> {
        self.has_power.then_some(()).ok_or(Error::NoPower)
    }

    /// Returns eight bits of a xorshift generator (Marsaglia 2003).
    fn next_random(&mut self) -> u8 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 24) as u8
    }
}

impl ErrorType for Flash {
    type Error = Error;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        self.check_power()?;
        check_read(self, offset, bytes.len()).map_err(Error::Refused)?;
        bytes.copy_from_slice(&self.bytes[offset as usize..][..bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        self.check_power()?;
        check_erase(self, from, to).map_err(Error::Refused)?;
        let mut sectors = (from as usize..to as usize).step_by(SECTOR);
        sectors.try_for_each(|at| self.change(at, &[0xFF; SECTOR]))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.check_power()?;
        check_write(self, offset, bytes.len()).map_err(Error::Refused)?;
        let offsets = (offset as usize..).step_by(WORD);
        for (at, word) in offsets.zip(bytes.chunks_exact(WORD)) {
            let mut wanted = [0; WORD];
            for (index, byte) in word.iter().enumerate() {
                wanted[index] = byte & self.bytes[at + index];
            }
            self.change(at, &wanted)?;
        }
        Ok(())
    }
}

/// Bits that are cleared once more, or are to stay, may be in what is written.
impl MultiwriteNorFlash for Flash {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_only_clears_bits_and_erasing_sets_all_of_a_sector() {
        let mut flash = Flash::new(2);
        flash
            .write(4, &[0x0F, 0xF0, 0xFF, 0])
            .expect("it is erased");
        flash
            .write(4, &[0xF1, 0xFF, 0x7F, 1])
            .expect("bits are cleared");
        assert_eq!(&flash.bytes()[4..8], &[0x01, 0xF0, 0x7F, 0]);
        flash.erase(0, SECTOR as u32).expect("a whole sector");
        assert!(flash.bytes().iter().all(|byte| *byte == 0xFF));
        let unaligned = flash.write(2, &[0; 4]);
        assert_eq!(
            unaligned,
            Err(Error::Refused(NorFlashErrorKind::NotAligned))
        );
        assert_eq!(flash.operations(), 3);
    }

    #[test]
    fn a_cut_leaves_one_operation_half_done_and_refuses_all_behind_it() {
        let mut flash = Flash::new(1);
        flash.cut_after(1, 7);
        let words = [0u8; 12];
        assert_eq!(flash.write(0, &words), Err(Error::NoPower));
        assert_eq!(&flash.bytes()[..4], &[0; 4]);
        let torn = &flash.bytes()[4..8];
        assert!(torn != [0; 4] && torn != [0xFF; 4], "{torn:?}");
        assert_eq!(&flash.bytes()[8..12], &[0xFF; 4]);
        assert_eq!(flash.read(0, &mut [0]), Err(Error::NoPower));
        flash.restart();
        assert_eq!(flash.write(8, &[1; 4]), Ok(()));
    }
}
