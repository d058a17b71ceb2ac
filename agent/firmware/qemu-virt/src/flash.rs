//! QEMU's flash chip, and what is in it: settings, two slots for firmware, and names of the addresses of what runs.
//!
//! It is the second of `virt`: `-drive if=pflash,unit=1,format=raw,file=FILE`, of 32 MiB. Without a file it outlives a reset, and is gone with QEMU. It understands Intel's commands (JEDEC publication 137, "Intel/Sharp Extended Command Set"), each in both halves of a word, for it is
//! two chips side by side.

use core::ops::Range;
use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};

use embassy_sync::once_lock::OnceLock;
use embedded_storage::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase,
    check_read, check_write,
};
use heapbeacon::field::flash::FlashStorage;
use heapbeacon::field::settings::Store;
use heapbeacon::field::update::Layout;
use heapbeacon::symbols::flash::{Part, Partition};
use heapbeacon_embassy::Lock;
use static_cell::StaticCell;

const CHIP: usize = 0x2200_0000;
/// Bytes that are erased at once.
const SECTOR: usize = 256 * 1024;
/// Bytes that are written at once, at most: word by word, QEMU takes 50 times as long.
const BUFFER: usize = 1024;
/// Sectors that settings are kept in.
const SETTINGS_SECTORS: usize = 2;
/// Sectors of a slot: 2.5 MiB.
const SLOT_SECTORS: u32 = 10;
/// Sectors for names of the image's addresses: 512 KiB.
const SYMBOLS_SECTORS: usize = 2;
/// Where those begin, behind the slots: 6 MiB from the beginning of the chip.
const SYMBOLS_SECTOR: usize = 24;
/// Sectors that are used.
const SECTORS: usize = SYMBOLS_SECTOR + SYMBOLS_SECTORS;

/// Where updates are, behind the settings.
pub const LAYOUT: Layout = Layout {
    otadata: sectors(2, 2),
    slots: [
        sectors(4, SLOT_SECTORS),
        sectors(4 + SLOT_SECTORS, SLOT_SECTORS),
    ],
};

const fn sectors(first: u32, count: u32) -> Range<u32> {
    first * SECTOR as u32..(first + count) * SECTOR as u32
}

const READ_ARRAY: u32 = 0x00ff_00ff;
const PROGRAM: u32 = 0x00e8_00e8;
const ERASE: u32 = 0x0020_0020;
const CONFIRM: u32 = 0x00d0_00d0;
const READY: u32 = 0x0080_0080;
/// One, in both halves of a word.
const EACH: u32 = 0x0001_0001;

static SETTINGS: OnceLock<Store<Lock>> = OnceLock::new();

/// Reads the settings.
pub fn begin() {
    static STORAGE: StaticCell<FlashStorage<Lock, Flash>> = StaticCell::new();
    let mut flash = chip();
    let range = sectors(0, SETTINGS_SECTORS as u32);
    // QEMU fills a chip without a file with zeros, which no chip comes with.
    if flash.is_unmade() {
        let _ = flash.erase(range.start, range.end);
    }
    let storage = FlashStorage::new(flash, range);
    let store = SETTINGS.get_or_init(|| Store::new(STORAGE.init(storage)));
    store.begin();
}

/// Returns what keeps them; none in a program that has not begun.
pub(crate) fn settings() -> Option<&'static Store<Lock>> {
    SETTINGS.try_get()
}

/// Returns where names of the image's addresses may have been written.
pub(crate) fn symbols() -> &'static dyn Part {
    static PART: Partition<Lock, Flash> = Partition::new(
        Flash(()),
        sectors(SYMBOLS_SECTOR as u32, SYMBOLS_SECTORS as u32),
    );
    &PART
}

/// Returns the chip. Whoever has it does one thing at a time with it, and no interrupt does: so others may have it, too.
pub fn chip() -> Flash {
    Flash(())
}

/// The part of the chip that is used.
pub struct Flash(());

impl Flash {
    fn is_unmade(&self) -> bool {
        (0..SETTINGS_SECTORS * SECTOR)
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
        // SAFETY: the chip is there, and there is no reference into it.
        unsafe { address.write_volatile(word) }
    }

    /// Writes words by way of the chip's buffer, into which they fit.
    fn program(&mut self, start: usize, words: &[[u8; size_of::<u32>()]]) {
        self.send(start, PROGRAM);
        self.send(start, (words.len() as u32 - 1) * EACH);
        for (at, word) in (start..).step_by(size_of::<u32>()).zip(words) {
            self.send(at, u32::from_le_bytes(*word));
        }
        self.send(start, CONFIRM);
        self.finish(start);
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
        let (words, _) = bytes.as_chunks();
        let (mut at, mut rest) = (offset as usize, words);
        while !rest.is_empty() {
            let room = (BUFFER - at % BUFFER) / Self::WRITE_SIZE;
            let (some, behind) = rest.split_at(room.min(rest.len()));
            self.program(at, some);
            at += some.as_flattened().len();
            rest = behind;
        }
        Ok(())
    }
}

/// A bit that is cleared once more stays cleared.
impl MultiwriteNorFlash for Flash {}
