//! The symbol file that lies in flash beside the image: whether it is whole and of the running build, and its bytes.

use heapbeacon_shared::symbol_file::{self, Head, MAGIC, MOST_HEAD_BYTES};
use heapbeacon_shared::trace::{BuildId, BuildIdText};

use crate::platform::Device;
use crate::symbols::flash::{ALIGNMENT, Part};

/// Bytes of a file's end that tell whether all of it was written.
const END: usize = 4;

/// The symbol file of the running build, in flash.
pub struct File {
    part: &'static dyn Part,
    bytes: u64,
    /// How much of it was read.
    at: u64,
    /// What [`Part::claims`] was when it was opened.
    claims: u32,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The board has no part of the flash for it.
    NoPart,
    /// There is something else in it, or nothing.
    NoFile,
    /// It was not written to its end.
    Cut,
    /// It is of another build.
    Other(BuildIdText),
    /// The flash can't be read.
    Unreadable,
}

impl File {
    /// Finds the file that names the addresses of the running build.
    ///
    /// # Errors
    /// When there is none.
    pub fn open<P: Device>() -> Result<Self, Missing> {
        Self::of(
            P::symbols().ok_or(Missing::NoPart)?,
            &P::describe().build_id,
        )
    }

    fn read_head(part: &dyn Part) -> Result<Head, Missing> {
        let mut first = [0; MOST_HEAD_BYTES.next_multiple_of(ALIGNMENT)];
        if !part.read(0, &mut first) {
            return Err(Missing::Unreadable);
        }
        Head::read(&first).ok_or(Missing::NoFile)
    }

    /// Looks whether some part of the flash holds the file of a build.
    fn of(part: &'static dyn Part, running: &BuildId) -> Result<Self, Missing> {
        let claims = part.claims();
        let head = Self::read_head(part)?;
        if head.build_id != *running {
            return Err(Missing::Other(head.build_id.text()));
        }
        let file = Self {
            part,
            bytes: head.bytes,
            at: 0,
            claims,
        };
        match file.end() {
            Some(end) if symbol_file::is_end(end) => Ok(file),
            Some(_) => Err(Missing::Cut),
            None => Err(Missing::Unreadable),
        }
    }

    /// Reads its last bytes, whose beginning need be no multiple of anything; what the part has no room for is as erased.
    fn end(&self) -> Option<[u8; END]> {
        let erased = [0xFF; END];
        let Some(start) = self.bytes.checked_sub(END as u64) else {
            return Some(erased);
        };
        if self.bytes > self.part.bytes() {
            return Some(erased);
        }
        let skipped = (start % ALIGNMENT as u64) as usize;
        let mut words = [0; END + ALIGNMENT];
        let wanted = &mut words[..(skipped + END).next_multiple_of(ALIGNMENT)];
        if !self.part.read(start - skipped as u64, wanted) {
            return None;
        }
        words[skipped..].first_chunk().copied()
    }

    /// Reads its next bytes into some room, of which it may use less; returns how many these are, none at its end. What can't be read is one, too, and what others are written over
    /// meanwhile: whoever gets the file sees that it is cut.
    pub fn read(&mut self, room: &mut [u8]) -> usize {
        let room_bytes = room.len() - room.len() % ALIGNMENT;
        let left = usize::try_from(self.bytes - self.at).unwrap_or(usize::MAX);
        let wanted = left.min(room_bytes);
        let words = &mut room[..wanted.next_multiple_of(ALIGNMENT)];
        if wanted == 0 || !self.part.read(self.at, words) {
            return 0;
        }
        let mut magic = MAGIC;
        let is_there = self.part.read(0, &mut magic) && magic == MAGIC;
        if !is_there || self.part.claims() != self.claims {
            return 0;
        }
        self.at += wanted as u64;
        wanted
    }
}
