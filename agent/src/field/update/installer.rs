//! From the first block of an image to the bootloader's choice of it.

mod report;

use core::ops::Range;

use ed25519_compact::{PublicKey, Signature};
use embedded_storage::nor_flash::NorFlash;
use heapbeacon_shared::api::OtaRejection;
use heapbeacon_shared::trace::{BuildId, Name};
use heapbeacon_shared::update::{
    HEADER_BYTES, Header, NoHeader, SIGNATURE_BYTES, SIGNED_BYTES, is_older,
};

use super::lane::{BLOCK, Lane, Part};
use super::otadata::{ATTEMPTS, OtaData, State, WORD};
use super::refusal::Refusal;

/// Blocks that are read back at a time: a device does other work in between.
const BLOCKS_AT_A_TIME: usize = 4;

/// Where things are in flash, as the partition table has it: whole sectors.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The two sectors of `otadata`.
    pub otadata: Range<u32>,
    /// The slots `ota_0` and `ota_1`. The last sector of each is kept for the header of its image, so an image is a sector shorter.
    pub slots: [Range<u32>; 2],
}

/// Who goes back to the old firmware.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rollback {
    /// A bootloader that was built with `CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE`, at the first restart of what was not confirmed.
    Bootloader,
    /// A bootloader that calls [`boot`](super::boot()), at the fourth start: so it helps against what ends before anything of it has run. Flash must not be encrypted.
    CountingBootloader,
    /// [`Installer::start`] of the new firmware itself, when it is called for the fourth time. Flash must not be encrypted.
    OwnStart,
}

/// What a board says of itself.
#[derive(Clone, Debug)]
pub struct Board {
    /// Where things are in flash.
    pub layout: Layout,
    /// Which slot runs: 0 or 1.
    pub running: usize,
    /// Its chip, as headers have it.
    pub chip: &'static str,
    /// Name of the running firmware.
    pub firmware: Name,
    /// Version of the running firmware.
    pub version: Name,
    /// Build id of the running firmware.
    pub build_id: BuildId,
    /// The public key of who signs updates, by Ed25519.
    pub key: [u8; 32],
    /// Who goes back to the old firmware.
    pub rollback: Rollback,
    /// Looks at the first bytes of an image, at least 768 or all that there are; says in a sentence what is wrong with them.
    pub check: fn(&[u8]) -> Result<(), &'static str>,
}

/// How the running firmware was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// As ever.
    Settled,
    /// On trial, for the how many-th time: 1 for the first.
    Trial(usize),
    /// Too often, and it is rejected now: restart at once, and the old one runs.
    GoBack,
}

/// Returns the slot that the bootloader chooses, for a board that has none.
///
/// # Errors
/// When the flash fails.
pub fn chosen<F: NorFlash>(flash: &mut F, layout: &Layout) -> Result<usize, F::Error> {
    let start = layout.otadata.start;
    OtaData { start }.chosen(flash)
}

/// Counts a start, and returns the slot that is to be started: what a bootloader does with [`Rollback::CountingBootloader`].
///
/// # Errors
/// When the flash fails.
pub fn boot<F: NorFlash>(flash: &mut F, layout: &Layout) -> Result<usize, F::Error> {
    let start = layout.otadata.start;
    let otadata = OtaData { start };
    if let Some((index, entry)) = otadata.active(flash)?
        && entry.is_on_trial()
        && otadata.attempt(flash, index)? == ATTEMPTS
    {
        otadata.go_back(flash, 1 - entry.slot(), OtaRejection::NeverConfirmed)?;
    }
    otadata.chosen(flash)
}

/// Reads what is known of the image in a slot, if it came over the network as a whole.
pub fn installed<F: NorFlash>(flash: &mut F, layout: &Layout, slot: usize) -> Option<Header> {
    let mut bytes = [0; HEADER_BYTES];
    let at = header_at::<F>(layout, slot);
    flash.read(at, &mut bytes).ok()?;
    Header::decode(&bytes).ok()
}

/// Returns where the header of a slot's image is: in its last sector, which no image reaches.
fn header_at<F: NorFlash>(layout: &Layout, slot: usize) -> u32 {
    layout.slots[slot].end - F::ERASE_SIZE as u32
}

/// An image that comes.
struct Upload {
    header: Header,
    signature: [u8; SIGNATURE_BYTES],
    /// Bytes of the image that are written, or read back.
    done: u32,
    /// Bytes of the slot that are erased.
    erased: u32,
    /// What was read back.
    read_back: Option<hmac_sha256::Hash>,
}

/// An update over a flash.
pub struct Installer<F> {
    flash: F,
    board: Board,
    otadata: OtaData,
    is_on_trial: bool,
    may_be_older: bool,
    /// How many uploads were begun or given up.
    uploads: u32,
    upload: Option<Upload>,
}

impl<F: NorFlash> Installer<F> {
    const SECTOR: u32 = F::ERASE_SIZE as u32;

    /// Makes one of a board that has such a flash.
    pub fn new(flash: F, board: Board) -> Self {
        const {
            assert!(WORD.is_multiple_of(F::WRITE_SIZE) && F::ERASE_SIZE.is_multiple_of(BLOCK));
            assert!(HEADER_BYTES.is_multiple_of(WORD) && F::READ_SIZE <= WORD);
        };
        Self {
            flash,
            otadata: OtaData {
                start: board.layout.otadata.start,
            },
            board,
            is_on_trial: false,
            may_be_older: false,
            uploads: 0,
            upload: None,
        }
    }

    /// Sees whether the running firmware is on trial, and counts this start of it. To be called before anything that may fail.
    ///
    /// # Errors
    /// When the flash fails. The firmware may go on, and is not on trial then.
    pub fn start(&mut self) -> Result<Start, F::Error> {
        let Some((index, entry)) = self.otadata.active(&mut self.flash)? else {
            return Ok(Start::Settled);
        };
        if entry.slot() != self.board.running || !entry.is_on_trial() {
            return Ok(Start::Settled);
        }
        let attempt = match (entry.state, self.board.rollback) {
            // The bootloader lets it start once.
            (State::PendingVerify, _) => 0,
            // It has counted this one.
            (_, Rollback::CountingBootloader) => {
                let attempts = self.otadata.attempts(&mut self.flash, index)?;
                attempts.saturating_sub(1)
            }
            _ => self.otadata.attempt(&mut self.flash, index)?,
        };
        self.is_on_trial = true;
        if attempt < ATTEMPTS {
            return Ok(Start::Trial(attempt + 1));
        }
        self.reject(OtaRejection::NeverConfirmed)?;
        Ok(Start::GoBack)
    }

    /// Checks whether the running firmware was neither confirmed nor rejected.
    pub fn is_on_trial(&self) -> bool {
        self.is_on_trial
    }

    /// Says that the running firmware works.
    ///
    /// # Errors
    /// When the flash fails.
    pub fn confirm(&mut self) -> Result<(), F::Error> {
        if let Some((index, entry)) = self.otadata.active(&mut self.flash)?
            && entry.is_on_trial()
        {
            self.otadata.confirm(&mut self.flash, (index, entry))?;
        }
        self.is_on_trial = false;
        Ok(())
    }

    /// Says that the running firmware does not work, and why, so that the other one is booted next.
    ///
    /// # Errors
    /// When the flash fails.
    pub fn reject(&mut self, why: OtaRejection) -> Result<(), F::Error> {
        let other = 1 - self.board.running;
        self.otadata.go_back(&mut self.flash, other, why)
    }

    /// Begins an upload in a lane, or goes on with the one that is in it.
    pub(super) fn open(
        &mut self,
        lane: &mut Lane,
        part: Part,
        may_be_older: bool,
    ) -> Result<(), Refusal> {
        if self.is_on_trial {
            return Err(Refusal::Unconfirmed);
        }
        let room = self.room();
        if part.total as usize > room as usize + HEADER_BYTES {
            return Err(Refusal::TooLarge {
                room: room + HEADER_BYTES as u32,
            });
        }
        if part.total <= HEADER_BYTES as u32 {
            return Err(NoHeader::Foreign.into());
        }
        if part.first == 0 {
            self.forget();
            self.may_be_older = may_be_older;
            lane.begin(part.total, self.uploads);
        } else if part.first == part.total && lane.total == 0 && self.has_taken(part.total) {
            // The answer to its last byte was lost on the way: there is nothing left to bring.
        } else if part.first != lane.next() || part.total != lane.total {
            return Err(Refusal::WrongRange { next: lane.next() });
        }
        Ok(())
    }

    /// Gives up what has come.
    pub(super) fn forget(&mut self) {
        self.upload = None;
        self.uploads = self.uploads.wrapping_add(1);
    }

    /// Checks whether firmware that came as so many bytes is booted next.
    fn has_taken(&mut self, total: u32) -> bool {
        let other = 1 - self.board.running;
        let header = installed(&mut self.flash, &self.board.layout, other);
        let bytes = header.map(|header| header.size + HEADER_BYTES as u32);
        let chosen = self.otadata.chosen(&mut self.flash);
        bytes == Some(total) && chosen.is_ok_and(|slot| slot == other)
    }

    /// Has what runs booted next after all; returns whether something else would have been.
    pub(super) fn stay(&mut self) -> Result<bool, Refusal> {
        // What runs on trial is not chosen for good by that.
        if self.is_on_trial {
            return Ok(false);
        }
        self.choose_running().map_err(|_| Refusal::Flash)
    }

    /// Has what runs booted next; returns whether something else would have been.
    fn choose_running(&mut self) -> Result<bool, F::Error> {
        let running = self.board.running;
        let is_replaced = self.otadata.chosen(&mut self.flash)? != running;
        if is_replaced {
            self.otadata
                .choose(&mut self.flash, running, State::Valid)?;
        }
        Ok(is_replaced)
    }

    /// Checks whether an upload was given up, or another one was begun since.
    pub(super) fn is_given_up(&self, lane: &Lane) -> bool {
        lane.upload != self.uploads
    }

    fn check_current(&self, lane: &Lane) -> Result<(), Refusal> {
        match self.is_given_up(lane) {
            true => Err(Refusal::Cancelled),
            false => Ok(()),
        }
    }

    /// Checks and writes a block.
    pub(super) fn accept(&mut self, lane: &Lane) -> Result<(), Refusal> {
        self.check_current(lane)?;
        let block = &lane.block[..lane.filled];
        let image = match (lane.offset, block.split_first_chunk::<HEADER_BYTES>()) {
            (0, Some((head, image))) => {
                let upload = self.judge(head, lane.total)?;
                (self.board.check)(image).map_err(Refusal::Image)?;
                self.upload = Some(upload);
                self.make_way().map_err(|_| self.broken())?;
                image
            }
            _ => block,
        };
        self.write(image).map_err(|_| self.broken())
    }

    fn broken(&mut self) -> Refusal {
        self.forget();
        Refusal::Flash
    }

    /// Checks all that a header says, its signature last, for that takes longest.
    fn judge(&self, head: &[u8; HEADER_BYTES], total: u32) -> Result<Upload, Refusal> {
        let header = Header::decode(head)?;
        let wanted = header.size.saturating_add(HEADER_BYTES as u32);
        if header.chip != self.board.chip {
            return Err(Refusal::WrongChip(self.board.chip));
        }
        if wanted != total || header.size == 0 {
            return Err(Refusal::WrongLength { wanted });
        }
        if is_older(&header.version, &self.board.version) && !self.may_be_older {
            return Err(Refusal::Older);
        }
        let mut signature = [0; SIGNATURE_BYTES];
        signature.copy_from_slice(&head[SIGNED_BYTES..]);
        let key = PublicKey::new(self.board.key);
        let signed = key.verify(&head[..SIGNED_BYTES], &Signature::new(signature));
        signed.map_err(|_| Refusal::Signature)?;
        Ok(Upload {
            header,
            signature,
            done: 0,
            erased: 0,
            read_back: None,
        })
    }

    /// Sees to it that the slot that is to be written is booted by nobody, and has no header.
    fn make_way(&mut self) -> Result<(), F::Error> {
        self.choose_running()?;
        let at = header_at::<F>(&self.board.layout, 1 - self.board.running);
        self.flash.erase(at, at + Self::SECTOR)
    }

    /// Writes what follows of an image, and erases before it what is not yet erased.
    fn write(&mut self, image: &[u8]) -> Result<(), F::Error> {
        let start = self.target().start;
        let Some(upload) = &mut self.upload else {
            return Ok(());
        };
        let end = upload.done + image.len() as u32;
        while upload.erased < end {
            let at = start + upload.erased;
            self.flash.erase(at, at + Self::SECTOR)?;
            upload.erased += Self::SECTOR;
        }
        let (words, rest) = image.as_chunks::<WORD>();
        let at = start + upload.done;
        self.flash.write(at, words.as_flattened())?;
        // Only the last block has one.
        if !rest.is_empty() {
            let mut word = [0xFF; WORD];
            word[..rest.len()].copy_from_slice(rest);
            let at = at + (image.len() - rest.len()) as u32;
            self.flash.write(at, &word)?;
        }
        upload.done = end;
        Ok(())
    }

    /// Reads some of the image back, by way of a lane; returns whether there is more.
    pub(super) fn check(&mut self, lane: &mut Lane) -> Result<bool, Refusal> {
        self.check_current(lane)?;
        for _ in 0..BLOCKS_AT_A_TIME {
            if !self.read_back(&mut lane.block)? {
                self.forget();
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn read_back(&mut self, block: &mut [u8; BLOCK]) -> Result<bool, Refusal> {
        let start = self.target().start;
        let Some(upload) = &mut self.upload else {
            return Ok(false);
        };
        let hash = upload.read_back.get_or_insert_with(|| {
            upload.done = 0;
            hmac_sha256::Hash::new()
        });
        let left = (upload.header.size - upload.done) as usize;
        let bytes = left.min(BLOCK);
        let whole = bytes.next_multiple_of(WORD);
        let read = self.flash.read(start + upload.done, &mut block[..whole]);
        if read.is_err() {
            return Err(self.broken());
        }
        hash.update(&block[..bytes]);
        upload.done += bytes as u32;
        if upload.done < upload.header.size {
            return Ok(true);
        }
        let is_right = hash.finalize() == upload.header.sha256;
        if !is_right {
            self.forget();
            return Err(Refusal::Digest);
        }
        self.activate().map_err(|_| self.broken())?;
        Ok(false)
    }

    /// Says what the slot holds, and has it booted next.
    fn activate(&mut self) -> Result<(), F::Error> {
        let slot = 1 - self.board.running;
        let at = header_at::<F>(&self.board.layout, slot);
        let Some(upload) = &self.upload else {
            return Ok(());
        };
        let mut bytes = [0; HEADER_BYTES];
        bytes[..SIGNED_BYTES].copy_from_slice(&upload.header.encode());
        bytes[SIGNED_BYTES..].copy_from_slice(&upload.signature);
        // Its first word comes last, so that a part of a header is none.
        let (first, rest) = bytes.split_at(WORD);
        self.flash.write(at + WORD as u32, rest)?;
        self.flash.write(at, first)?;
        let state = match self.board.rollback {
            Rollback::Bootloader => State::New,
            Rollback::CountingBootloader | Rollback::OwnStart => State::Undefined,
        };
        self.otadata.choose(&mut self.flash, slot, state)
    }

    fn target(&self) -> Range<u32> {
        self.board.layout.slots[1 - self.board.running].clone()
    }

    /// Returns the bytes of the longest image.
    fn room(&self) -> u32 {
        self.target().len() as u32 - Self::SECTOR
    }

    /// Returns the flash, to be read or changed behind its back.
    #[cfg(test)]
    pub(super) fn flash(&mut self) -> &mut F {
        &mut self.flash
    }
}
