//! Keeps settings in flash, so that a cut of the power leaves the old ones or the new.

use core::ops::Range;

use embassy_futures::block_on;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::mutex::Mutex;
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use embedded_storage_async::nor_flash as waiting;
use sequential_storage::cache::Cache;
use sequential_storage::map::{MapConfig, MapStorage};

use crate::field::settings::{MAX_BYTES, Storage, StorageError};

/// What settings are found by: a place for other values is beside them.
const KEY: u8 = 1;
/// Bytes that a value is read into: with its key, in whole words of any flash.
const BUFFER: usize = MAX_BYTES + 32;

/// A part of a flash chip, whole sectors and at least two of them, that settings are kept in.
///
/// ```
/// use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
/// use heapbeacon::field::flash::FlashStorage;
/// use heapbeacon::field::settings::Store;
/// use heapbeacon_flash_sim::Flash;
///
/// let flash = FlashStorage::<CriticalSectionRawMutex, _>::new(Flash::new(4), 0..0x4000);
/// let settings = Store::<CriticalSectionRawMutex>::new(Box::leak(Box::new(flash)));
/// settings.begin();
/// settings.set(heapbeacon_shared::trace::Settings::NONE)?;
/// # Ok::<(), heapbeacon::field::settings::StorageError>(())
/// ```
pub struct FlashStorage<M: RawMutex, F> {
    flash: Mutex<M, Waiting<F>>,
    range: Range<u32>,
}

impl<M: RawMutex, F: NorFlash> FlashStorage<M, F> {
    /// Makes one that keeps settings in a range of a flash chip, in bytes from its beginning.
    pub const fn new(flash: F, range: Range<u32>) -> Self {
        Self {
            flash: Mutex::new(Waiting(flash)),
            range,
        }
    }

    /// Looks at the sectors, and calls `work` with what finds values in them, unless somebody else is at it.
    fn with_map<R>(
        &self,
        work: impl FnOnce(
            Sectors,
            &mut Waiting<F>,
            MapConfig<&mut Waiting<F>>,
        ) -> Result<R, StorageError>,
    ) -> Result<R, StorageError> {
        let mut flash = self.flash.try_lock().map_err(|_| StorageError::Busy)?;
        let config = MapConfig::try_new(self.range.clone()).map_err(|_| StorageError::Failed)?;
        let sectors = flash
            .survey(self.range.clone())
            .map_err(|_| StorageError::Failed)?;
        work(sectors, &mut flash, config)
    }
}

impl<M: RawMutex + Sync, F: NorFlash + Send> Storage for FlashStorage<M, F> {
    fn load<'b>(&self, bytes: &'b mut [u8; MAX_BYTES]) -> Result<Option<&'b [u8]>, StorageError> {
        let mut buffer = [0; BUFFER];
        let length = self.with_map(|sectors, flash, config| match sectors {
            Sectors::Blank => Ok(None),
            // Nothing is erased before somebody wants to store something.
            Sectors::Foreign => Err(StorageError::Damaged),
            Sectors::Used => {
                flash.mend(self.range.clone())?;
                let mut map = MapStorage::new(flash, config, Cache::new_uncached());
                let found = block_on(map.fetch_item::<&[u8]>(&mut buffer, &KEY));
                // Sectors in use without a whole value had one that is damaged.
                let found = found.map_err(reason)?.ok_or(StorageError::Damaged)?;
                copy(found, bytes).map(Some)
            }
        })?;
        Ok(length.map(|length| &bytes[..length]))
    }

    fn store(&self, bytes: &[u8]) -> Result<(), StorageError> {
        let mut buffer = [0; BUFFER];
        self.with_map(|_, flash, config| {
            flash.mend(self.range.clone())?;
            let mut map = MapStorage::new(flash, config, Cache::new_uncached());
            let stored = block_on(map.store_item(&mut buffer, &KEY, &bytes));
            match stored.map_err(reason) {
                // What was there is of no use to anybody.
                Err(StorageError::Damaged) => {
                    block_on(map.erase_all()).map_err(reason)?;
                    block_on(map.store_item(&mut buffer, &KEY, &bytes)).map_err(reason)
                }
                stored => stored,
            }
        })
    }
}

fn copy(found: &[u8], bytes: &mut [u8; MAX_BYTES]) -> Result<usize, StorageError> {
    let room = bytes.get_mut(..found.len()).ok_or(StorageError::Damaged)?;
    room.copy_from_slice(found);
    Ok(found.len())
}

fn reason<E>(error: sequential_storage::Error<E>) -> StorageError {
    match error {
        sequential_storage::Error::Storage { .. } => StorageError::Failed,
        _ => StorageError::Damaged,
    }
}

/// What is in some sectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sectors {
    /// Nothing.
    Blank,
    /// Values.
    Used,
    /// Something else.
    Foreign,
}

/// What is in a sector, which begins with a word of zeros once values may follow.
struct Sector {
    is_begun: bool,
    /// Whether there is nothing, but perhaps in the first word.
    is_empty: bool,
    is_blank: bool,
}

/// A chip whose operations are over when they return, for a crate that would wait for them.
struct Waiting<F>(F);

impl<F: NorFlash> Waiting<F> {
    /// Bytes that sequential-storage writes at once.
    const WORD: usize = if F::READ_SIZE > F::WRITE_SIZE {
        F::READ_SIZE
    } else {
        F::WRITE_SIZE
    };

    fn survey(&mut self, range: Range<u32>) -> Result<Sectors, F::Error> {
        let mut found = Sectors::Blank;
        for at in range.step_by(F::ERASE_SIZE) {
            let sector = self.sector(at)?;
            if sector.is_begun {
                return Ok(Sectors::Used);
            }
            if !sector.is_empty {
                found = Sectors::Foreign;
            }
        }
        Ok(found)
    }

    /// Erases sectors that are half erased, or half begun. sequential-storage takes a sector for erased by its first word, so it would write
    /// into what an erasure has left that was cut.
    fn mend(&mut self, range: Range<u32>) -> Result<(), StorageError> {
        for at in range.step_by(F::ERASE_SIZE) {
            let sector = self.sector(at).map_err(|_| StorageError::Failed)?;
            if !sector.is_begun && !sector.is_blank {
                let end = at + F::ERASE_SIZE as u32;
                self.0.erase(at, end).map_err(|_| StorageError::Failed)?;
            }
        }
        Ok(())
    }

    fn sector(&mut self, at: u32) -> Result<Sector, F::Error> {
        let mut piece = [0; 128];
        let mut sector = Sector {
            is_begun: false,
            is_empty: true,
            is_blank: true,
        };
        for offset in (0..F::ERASE_SIZE).step_by(piece.len()) {
            self.0.read(at + offset as u32, &mut piece)?;
            let mut rest = &piece[..];
            if offset == 0 {
                let (first, behind) = piece.split_at(Self::WORD);
                sector.is_begun = first.iter().all(|byte| *byte == 0);
                sector.is_blank = first.iter().all(|byte| *byte == 0xFF);
                rest = behind;
            }
            if sector.is_begun {
                break;
            }
            sector.is_empty &= rest.iter().all(|byte| *byte == 0xFF);
        }
        sector.is_blank &= sector.is_empty;
        Ok(sector)
    }
}

impl<F: ErrorType> ErrorType for Waiting<F> {
    type Error = F::Error;
}

impl<F: ReadNorFlash> waiting::ReadNorFlash for Waiting<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: NorFlash> waiting::NorFlash for Waiting<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        self.0.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        self.0.write(offset, bytes)
    }
}
