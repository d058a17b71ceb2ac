//! A symbol file that comes over the network, into the part of the flash that is for it.
//!
//! Nothing is erased before its head is known: of which build it is, and that it has as many bytes as were announced. Its first four bytes, by which a
//! symbol file is known, are cleared first and written last, once all others were read back: so whenever the power goes, there are the old names, or none, or the new ones.

use crc::{CRC_32_ISO_HDLC, Crc, Digest};
use heapbeacon_shared::symbol_file::{self, Head, MAGIC, MOST_HEAD_BYTES};

use super::flash::{ALIGNMENT, Part};

/// Bytes that are written at once: a head fits, and a sector holds a whole number of them.
pub const BLOCK: usize = 512;
const _: () = assert!(MOST_HEAD_BYTES <= BLOCK && MAGIC.len() == ALIGNMENT);

const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Why names are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The bytes begin with no head of a symbol file.
    NoFile,
    /// The file does not say of which build it is.
    NoBuildId,
    /// So many bytes were announced, where the file has it otherwise.
    WrongLength {
        /// Bytes of the file.
        wanted: u64,
    },
    /// It does not fit.
    TooLarge {
        /// Bytes that do.
        room: u64,
    },
    /// It does not end as a symbol file does: the names that were there are gone.
    Damaged,
    /// Somebody else is writing there.
    Busy,
    /// The flash has failed, or holds something else than was written: the names that were there may be gone.
    Flash,
}

/// The right to write, and how much has come.
pub struct Upload<'b> {
    part: &'static dyn Part,
    /// Bytes in all.
    bytes: u64,
    /// Which of them the block begins with.
    at: u64,
    block: &'b mut [u8; BLOCK],
    filled: usize,
    /// What the file says of itself, once that has come.
    head: Option<Head>,
    /// The last four bytes that have come.
    end: [u8; 4],
    /// Bytes from the beginning that were erased.
    erased: u64,
    came: Digest<'static, u32>,
    /// What was read back, and how much of it there was.
    held: Digest<'static, u32>,
    checked: u64,
}

impl<'b> Upload<'b> {
    /// Begins to take so many bytes, by way of a block of memory. Nothing changes before the first of them have come.
    ///
    /// # Errors
    /// When there is no room for them, or somebody else is writing there.
    pub fn open(
        part: &'static dyn Part,
        bytes: u64,
        block: &'b mut [u8; BLOCK],
    ) -> Result<Self, Refusal> {
        let room = part.bytes();
        if bytes > room {
            return Err(Refusal::TooLarge { room });
        }
        if !part.claim() {
            return Err(Refusal::Busy);
        }
        Ok(Self {
            part,
            bytes,
            at: 0,
            block,
            filled: 0,
            head: None,
            end: [0xFF; 4],
            erased: 0,
            came: CRC.digest(),
            held: CRC.digest(),
            checked: 0,
        })
    }

    /// Returns room for some of the bytes that are missing; none if all have come.
    pub fn room(&mut self) -> &mut [u8] {
        let missing = self.bytes - self.at;
        let end = BLOCK.min(usize::try_from(missing).unwrap_or(BLOCK));
        &mut self.block[self.filled..end]
    }

    /// Takes so many bytes that have come into the [room](Self::room), and writes what is a block.
    ///
    /// # Errors
    /// When they are not what they should be, or the flash fails: then it is over.
    pub fn take(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.filled = BLOCK.min(self.filled + bytes);
        if self.filled < BLOCK && self.at + (self.filled as u64) < self.bytes {
            return Ok(());
        }
        if self.at == 0 {
            self.begin()?;
        }
        self.write().ok_or(Refusal::Flash)
    }

    /// Reads some of it back; once all of it is what has come, lets it be found, and returns what it says of itself.
    ///
    /// # Errors
    /// When it is something else, or damaged: then there are no names.
    pub fn check(&mut self) -> Result<Option<Head>, Refusal> {
        if self.checked < self.bytes {
            self.read_back().ok_or(Refusal::Flash)?;
            return Ok(None);
        }
        // Nothing has come.
        let head = self.head.take().ok_or(Refusal::NoFile)?;
        if !symbol_file::is_end(self.end) {
            return Err(Refusal::Damaged);
        }
        if self.came.clone().finalize() != self.held.clone().finalize()
            || !self.part.write(0, &MAGIC)
        {
            return Err(Refusal::Flash);
        }
        Ok(Some(head))
    }

    /// Checks the head, and has what is there be no file any more.
    fn begin(&mut self) -> Result<(), Refusal> {
        let head = Head::read(&self.block[..self.filled]).ok_or(Refusal::NoFile)?;
        if head.build_id.is_empty() {
            return Err(Refusal::NoBuildId);
        }
        if head.bytes != self.bytes {
            return Err(Refusal::WrongLength { wanted: head.bytes });
        }
        self.head = Some(head);
        // An erasure that is cut may leave them as they are.
        match self.part.write(0, &[0; MAGIC.len()]) {
            true => Ok(()),
            false => Err(Refusal::Flash),
        }
    }

    /// Writes the block, all but what a file is known by.
    fn write(&mut self) -> Option<()> {
        let end = self.at + self.filled as u64;
        while self.erased < end {
            let sector = self.part.erase(self.erased)?;
            self.erased += sector;
        }
        let came = &self.block[..self.filled];
        self.came.update(came);
        for byte in &came[came.len().saturating_sub(self.end.len())..] {
            self.end.rotate_left(1);
            self.end[3] = *byte;
        }
        let padded = self.filled.next_multiple_of(ALIGNMENT);
        self.block[self.filled..padded].fill(0xFF);
        let skipped = if self.at == 0 { MAGIC.len() } else { 0 };
        let from = self.at + skipped as u64;
        if !self.part.write(from, &self.block[skipped..padded]) {
            return None;
        }
        self.at = end;
        self.filled = 0;
        Some(())
    }

    fn read_back(&mut self) -> Option<()> {
        let left = usize::try_from(self.bytes - self.checked).unwrap_or(BLOCK);
        let wanted = BLOCK.min(left);
        let words = &mut self.block[..wanted.next_multiple_of(ALIGNMENT)];
        if !self.part.read(self.checked, words) {
            return None;
        }
        if self.checked == 0 {
            self.block[..MAGIC.len()].copy_from_slice(&MAGIC);
        }
        self.held.update(&self.block[..wanted]);
        self.checked += wanted as u64;
        Some(())
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        self.part.release();
    }
}
