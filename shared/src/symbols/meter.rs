//! Keeps the memory that debug information takes within what its size justifies.
//!
//! DWARF lets many units refer to one table of lines, of ranges or of abbreviations, and what is
//! kept of each is larger than its bytes. So a file of a few kilobytes can ask for gigabytes. All
//! that is kept was read before, so it is the reading that is limited.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use gimli::{EndianArcSlice, Error, LittleEndian, Reader, ReaderOffsetId, Result};

use super::ElfError;

/// Counts bytes down that may still be read.
#[derive(Debug, Default)]
pub(super) struct Meter(AtomicU64);

impl Meter {
    /// Sets how many bytes may be read from now on.
    pub(super) fn allow(&self, bytes: u64) {
        self.0.store(bytes, Relaxed);
    }

    /// Returns how many bytes may still be read.
    pub(super) fn left(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// Returns whether nothing more is read.
    pub(super) fn is_used_up(&self) -> bool {
        self.left() == 0
    }

    /// Checks whether what was wanted could be read.
    pub(super) fn check(&self) -> core::result::Result<(), ElfError> {
        match self.is_used_up() {
            true => Err(ElfError::TooLarge),
            false => Ok(()),
        }
    }

    /// Takes bytes off; returns whether there were so many.
    fn spend(&self, bytes: usize) -> bool {
        // There is one thread at a time: `Symbols` can be sent, and not shared.
        let left = self.left().checked_sub(bytes as u64);
        self.allow(left.unwrap_or(0));
        left.is_some()
    }
}

/// A section of debug information whose reading is counted.
#[derive(Clone, Debug)]
pub(super) struct Metered {
    bytes: EndianArcSlice<LittleEndian>,
    meter: Arc<Meter>,
}

impl Metered {
    pub(super) fn new(bytes: Arc<[u8]>, meter: &Arc<Meter>) -> Self {
        Self {
            bytes: EndianArcSlice::new(bytes, LittleEndian),
            meter: Arc::clone(meter),
        }
    }

    fn spend(&self, bytes: usize) -> Result<()> {
        match self.meter.spend(bytes) {
            true => Ok(()),
            false => Err(Error::UnexpectedEof(self.offset_id())),
        }
    }
}

impl Reader for Metered {
    type Endian = LittleEndian;
    type Offset = usize;

    fn endian(&self) -> LittleEndian {
        LittleEndian
    }

    fn len(&self) -> usize {
        self.bytes.len()
    }

    fn empty(&mut self) {
        self.bytes.empty();
    }

    fn truncate(&mut self, len: usize) -> Result<()> {
        self.bytes.truncate(len)
    }

    fn offset_from(&self, base: &Self) -> usize {
        self.bytes.offset_from(&base.bytes)
    }

    fn offset_id(&self) -> ReaderOffsetId {
        self.bytes.offset_id()
    }

    fn lookup_offset_id(&self, id: ReaderOffsetId) -> Option<usize> {
        self.bytes.lookup_offset_id(id)
    }

    fn find(&self, byte: u8) -> Result<usize> {
        let found = self.bytes.find(byte);
        self.spend(found.map_or(self.bytes.len(), |at| at + 1))?;
        found
    }

    fn skip(&mut self, len: usize) -> Result<()> {
        self.bytes.skip(len)
    }

    fn split(&mut self, len: usize) -> Result<Self> {
        Ok(Self {
            bytes: self.bytes.split(len)?,
            meter: Arc::clone(&self.meter),
        })
    }

    fn to_slice(&self) -> Result<Cow<'_, [u8]>> {
        self.bytes.to_slice()
    }

    fn to_string(&self) -> Result<Cow<'_, str>> {
        self.spend(self.bytes.len())?;
        self.bytes.to_string()
    }

    fn to_string_lossy(&self) -> Result<Cow<'_, str>> {
        self.spend(self.bytes.len())?;
        self.bytes.to_string_lossy()
    }

    fn read_slice(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.spend(buffer.len())?;
        self.bytes.read_slice(buffer)
    }
}
