//! Where a symbol file lies in flash, beside the image.

#[cfg(feature = "flash")]
use core::{
    cell::Cell,
    ops::Range,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

#[cfg(feature = "flash")]
use embassy_sync::blocking_mutex::{Mutex, raw::RawMutex};
#[cfg(feature = "flash")]
use embedded_storage::nor_flash::MultiwriteNorFlash;

/// What places and numbers of bytes are multiples of.
pub(crate) const ALIGNMENT: usize = 4;

/// A part of the flash that holds a symbol file, if anybody has written one there.
///
/// Places are bytes from its beginning. They, and numbers of bytes, are multiples of four; those of an erasure are of a sector.
pub trait Part: Sync {
    /// Returns how many bytes it has.
    fn bytes(&self) -> u64;

    /// Reads bytes. Returns whether they could be read.
    fn read(&self, at: u64, bytes: &mut [u8]) -> bool;

    /// Erases the sector that begins at a place. Returns how many bytes it has; `None` if it could not be erased.
    fn erase(&self, at: u64) -> Option<u64>;

    /// Writes bytes where it is erased; elsewhere, zeros. Returns whether they could be written.
    fn write(&self, at: u64, bytes: &[u8]) -> bool;

    /// Takes the right to write, which one has at a time. Returns whether it was there.
    fn claim(&self) -> bool;

    /// Gives the right to write back.
    fn release(&self);

    /// Returns how often that right was taken and given back, an odd number while somebody has it: where it is another number than before, other bytes may be here.
    fn claims(&self) -> u32;
}

/// A part of a flash chip, which has whole sectors and is read and written four bytes at a time, or fewer. Zeros may be written over anything.
#[cfg(feature = "flash")]
pub struct Partition<M: RawMutex, F> {
    /// Nobody holds the lock while the flash is at work.
    flash: Mutex<M, Cell<Option<F>>>,
    range: Range<u32>,
    /// How often the right to write was taken and given back: odd while somebody has it.
    claims: AtomicU32,
}

#[cfg(feature = "flash")]
impl<M: RawMutex, F> Partition<M, F> {
    /// Makes one of a range of a flash chip, in bytes from its beginning.
    pub const fn new(flash: F, range: Range<u32>) -> Self {
        Self {
            flash: Mutex::new(Cell::new(Some(flash))),
            range,
            claims: AtomicU32::new(0),
        }
    }

    /// Works with the flash outside of the lock; `None` while somebody else does.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut F) -> T) -> Option<T> {
        let mut flash = self.flash.lock(Cell::take)?;
        let result = work(&mut flash);
        self.flash.lock(|place| place.set(Some(flash)));
        Some(result)
    }

    /// Returns where so many bytes lie on the chip; `None` if they are not all in the part.
    fn place(&self, at: u64, bytes: usize) -> Option<u32> {
        let end = at.checked_add(bytes as u64)?;
        (end <= self.range.len() as u64).then_some(self.range.start + at as u32)
    }
}

#[cfg(feature = "flash")]
impl<M: RawMutex + Sync, F: MultiwriteNorFlash + Send> Part for Partition<M, F> {
    fn bytes(&self) -> u64 {
        self.range.len() as u64
    }

    fn read(&self, at: u64, bytes: &mut [u8]) -> bool {
        let place = self.place(at, bytes.len());
        place.is_some_and(|at| self.with(|flash| flash.read(at, bytes).is_ok()) == Some(true))
    }

    fn erase(&self, at: u64) -> Option<u64> {
        let from = self.place(at, F::ERASE_SIZE)?;
        let erased = self.with(|flash| flash.erase(from, from + F::ERASE_SIZE as u32))?;
        erased.ok().map(|()| F::ERASE_SIZE as u64)
    }

    fn write(&self, at: u64, bytes: &[u8]) -> bool {
        let place = self.place(at, bytes.len());
        place.is_some_and(|at| self.with(|flash| flash.write(at, bytes).is_ok()) == Some(true))
    }

    fn claim(&self) -> bool {
        // Chips without an atomic exchange have one core.
        self.flash.lock(|_| {
            let claims = self.claims.load(Relaxed);
            let is_free = claims.is_multiple_of(2);
            if is_free {
                self.claims.store(claims.wrapping_add(1), Relaxed);
            }
            is_free
        })
    }

    fn release(&self) {
        self.flash.lock(|_| {
            let claims = self.claims.load(Relaxed);
            self.claims.store(claims.wrapping_add(1), Relaxed);
        });
    }

    fn claims(&self) -> u32 {
        self.claims.load(Relaxed)
    }
}
