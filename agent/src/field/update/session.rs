//! One connection that brings an image, a block at a time.

use super::lane::{BLOCK, Lane, Part};
use super::refusal::Refusal;
use super::updater::Update;

/// The right to upload. When it is dropped, what has come is kept, and the upload may go on in another one.
pub struct Session {
    update: &'static dyn Update,
    lane: Option<&'static mut Lane>,
}

impl Session {
    /// Begins an upload, or goes on with one that was broken off.
    ///
    /// # Errors
    /// When there is no room for so many bytes, they are not those that are missing, another session is at work, or this is no time for updates.
    pub fn open(
        update: &'static dyn Update,
        part: Part,
        may_be_older: bool,
    ) -> Result<Self, Refusal> {
        let lane = update.open(part, may_be_older)?;
        Ok(Self {
            update,
            lane: Some(lane),
        })
    }

    /// Returns room for some of the bytes that are missing; none if all have come.
    pub fn room(&mut self) -> &mut [u8] {
        let Some(lane) = self.lane.as_deref_mut() else {
            return &mut [];
        };
        let missing = (lane.total - lane.next()) as usize;
        let end = BLOCK.min(lane.filled + missing);
        &mut lane.block[lane.filled..end]
    }

    /// Takes so many bytes that have come into the [room](Self::room), and writes what is a block.
    ///
    /// # Errors
    /// When the upload is refused for what has come: then it is over.
    pub fn take(&mut self, bytes: usize) -> Result<(), Refusal> {
        let Some(lane) = self.lane.as_deref_mut() else {
            return Ok(());
        };
        lane.filled = BLOCK.min(lane.filled + bytes);
        if lane.filled < BLOCK && lane.next() < lane.total {
            return Ok(());
        }
        let accepted = self.update.accept(lane);
        match accepted {
            Ok(()) => {
                lane.offset += lane.filled as u32;
                lane.filled = 0;
            }
            Err(_) => lane.begin(0, 0),
        }
        accepted
    }

    /// Checks whether all bytes have come.
    pub fn is_complete(&self) -> bool {
        let lane = self.lane.as_deref();
        lane.is_some_and(|lane| lane.total > 0 && lane.next() == lane.total)
    }

    /// Reads some of the image back; has it booted next when all of it is as it was signed. Returns whether there is more to read.
    ///
    /// # Errors
    /// When it is something else: then the upload is over.
    pub fn check(&mut self) -> Result<bool, Refusal> {
        let Some(lane) = self.lane.as_deref_mut() else {
            return Ok(false);
        };
        let checked = self.update.check(lane);
        if !matches!(checked, Ok(true)) {
            lane.begin(0, 0);
        }
        checked
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(lane) = self.lane.take() {
            self.update.close(lane);
        }
    }
}
