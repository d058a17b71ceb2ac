//! Where a symbol file lies in flash, beside the image.

#[cfg(feature = "flash")]
use core::{cell::RefCell, ops::Range};

#[cfg(feature = "flash")]
use embassy_sync::blocking_mutex::{Mutex, raw::RawMutex};
#[cfg(feature = "flash")]
use embedded_storage::nor_flash::ReadNorFlash;

/// A part of the flash that holds a symbol file, if anybody has written one there.
pub trait Part: Sync {
    /// Returns how many bytes it has.
    fn bytes(&self) -> u64;

    /// Reads bytes; their beginning and number are multiples of four. Returns whether they could be read.
    fn read(&self, at: u64, bytes: &mut [u8]) -> bool;
}

/// A part of a flash chip that nobody writes while the firmware runs.
#[cfg(feature = "flash")]
pub struct Partition<M: RawMutex, F> {
    flash: Mutex<M, RefCell<F>>,
    range: Range<u32>,
}

#[cfg(feature = "flash")]
impl<M: RawMutex, F> Partition<M, F> {
    /// Makes one of a range of a flash chip, in bytes from its beginning.
    pub const fn new(flash: F, range: Range<u32>) -> Self {
        Self {
            flash: Mutex::new(RefCell::new(flash)),
            range,
        }
    }
}

#[cfg(feature = "flash")]
impl<M: RawMutex + Sync, F: ReadNorFlash + Send> Part for Partition<M, F> {
    fn bytes(&self) -> u64 {
        self.range.len() as u64
    }

    fn read(&self, at: u64, bytes: &mut [u8]) -> bool {
        let Ok(at) = u32::try_from(u64::from(self.range.start) + at) else {
            return false;
        };
        self.flash
            .lock(|flash| flash.borrow_mut().read(at, bytes).is_ok())
    }
}
