//! QEMU's flash chip, and the settings that are kept in it.
//!
//! It is the second of `virt`: `-drive if=pflash,unit=1,format=raw,file=FILE`, of 32 MiB, and then `-device loader,file=ELF,cpu-num=0` instead of
//! `-kernel ELF`. Without a file it outlives a reset, and is gone with QEMU. It understands Intel's commands (JEDEC publication 137, "Intel/Sharp Extended Command Set"), each in both halves of a word, for it is
//! two chips side by side.

use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

use embassy_sync::once_lock::OnceLock;
use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use heapbeacon::field::flash::FlashStorage;
use heapbeacon::field::settings::Store;
use heapbeacon_embassy::Lock;
use static_cell::StaticCell;

const CHIP: usize = 0x2200_0000;
/// Bytes that are erased at once.
const SECTOR: usize = 256 * 1024;
/// Sectors that settings are kept in.
const SECTORS: usize = 2;

const READ_ARRAY: u32 = 0x00ff_00ff;
const PROGRAM: u32 = 0x0040_0040;
const ERASE: u32 = 0x0020_0020;
const CONFIRM: u32 = 0x00d0_00d0;
const READY: u32 = 0x0080_0080;

static SETTINGS: OnceLock<Store<Lock>> = OnceLock::new();

/// Reads the settings.
pub fn begin() {
    static STORAGE: StaticCell<FlashStorage<Lock, Flash>> = StaticCell::new();
    let mut flash = Flash(());
    // QEMU fills a chip without a file with zeros, which no chip comes with.
    if flash.is_unmade() {
        let _ = flash.erase(0, (SECTORS * SECTOR) as u32);
    }
    let storage = FlashStorage::new(flash, 0..(SECTORS * SECTOR) as u32);
    let store = SETTINGS.get_or_init(|| Store::new(STORAGE.init(storage)));
    store.begin();
}

/// Returns what keeps them; none in a program that has not begun.
pub(crate) fn settings() -> Option<&'static Store<Lock>> {
    SETTINGS.try_get()
}

/// The part of the chip that is used.
struct Flash(());

impl Flash {
    fn is_unmade(&self) -> bool {
        (0..SECTORS * SECTOR)
            .step_by(size_of::<u32>())
            .all(|at| self.word(at) == 0)
    }

    fn word(&self, at: usize) -> u32 {
        let address = with_exposed_provenance::<u32>(CHIP + at);
        // SAFETY: the chip is there, an aligned word of it can be read at any time, and any bits are a value.
        unsafe { address.read_volatile() }
    }

    fn send(&mut self, at: usize, word: u32) {
        let address = with_exposed_provenance_mut::<u32>(CHIP + at);
        // SAFETY: the chip is there, and nobody else has it: there is one value of this type.
        unsafe { address.write_volatile(word) }
    }

    /// Waits until the chip has done what it was told, and lets it be read again.
    fn finish(&mut self, at: usize) {
        while self.word(at) & READY != READY {}
        self.send(at, READ_ARRAY);
    }
}

impl ErrorType for Flash {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = size_of::<u32>();

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        check_read(self, offset, bytes.len())?;
        let words = (offset as usize..).step_by(Self::READ_SIZE);
        for (at, bytes) in words.zip(bytes.chunks_exact_mut(Self::READ_SIZE)) {
            bytes.copy_from_slice(&self.word(at).to_le_bytes());
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        SECTORS * SECTOR
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = size_of::<u32>();
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        for at in (from as usize..to as usize).step_by(SECTOR) {
            self.send(at, ERASE);
            self.send(at, CONFIRM);
            self.finish(at);
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        let words = (offset as usize..).step_by(Self::WRITE_SIZE);
        for (at, bytes) in words.zip(bytes.chunks_exact(Self::WRITE_SIZE)) {
            let mut word = [0; Self::WRITE_SIZE];
            word.copy_from_slice(bytes);
            self.send(at, PROGRAM);
            self.send(at, u32::from_le_bytes(word));
            self.finish(at);
        }
        Ok(())
    }
}
