//! The symbol file that lies in flash beside the image: whether it is whole and of the running build, and its bytes.

#[cfg(feature = "functions")]
use core::ops::Range;

use heapbeacon_shared::symbol_file::{self, Head, MAGIC, MOST_HEAD_BYTES, Source};
use heapbeacon_shared::trace::{BuildId, BuildIdText};

use crate::platform::Device;
use crate::symbols::flash::{ALIGNMENT, Part};

/// Bytes of a file's end that tell whether all of it was written.
const END: usize = 4;

/// The symbol file of the running build, in flash.
pub struct File {
    place: Place,
    bytes: u64,
    /// Where among them its functions are.
    #[cfg(feature = "functions")]
    functions: Range<u64>,
    /// How much of it was read.
    at: u64,
}

/// Where a symbol file lies in flash, as long as nobody writes there.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    part: &'static dyn Part,
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
        let place = Place { part, claims };
        let mut end = [0xFF; END];
        // What the part has no room for is as erased.
        let at = head.bytes.checked_sub(END as u64);
        if let Some(at) = at.filter(|_| head.bytes <= part.bytes())
            && !place.read(at, &mut end)
        {
            return Err(Missing::Unreadable);
        }
        match symbol_file::is_end(end) {
            true => Ok(Self {
                place,
                bytes: head.bytes,
                #[cfg(feature = "functions")]
                functions: head.functions,
                at: 0,
            }),
            false => Err(Missing::Cut),
        }
    }

    /// Returns its functions; `None` if it has none, or somebody has the right to write there: the number that tells of it stays as it is until he gives that
    /// back, whatever he has written by then.
    #[cfg(feature = "functions")]
    pub(crate) fn functions(&self) -> Option<symbol_file::Functions<Place>> {
        let is_kept = self.place.claims.is_multiple_of(2);
        let functions = symbol_file::Functions::open(self.place, self.functions.clone());
        functions.filter(|_| is_kept)
    }

    /// Reads its next bytes into some room, of which it may use less; returns how many these are, none at its end. What can't be read is one, too, and what others are written over
    /// meanwhile: whoever gets the file sees that it is cut.
    pub fn read(&mut self, room: &mut [u8]) -> usize {
        let Place { part, claims } = self.place;
        let room_bytes = room.len() - room.len() % ALIGNMENT;
        let left = usize::try_from(self.bytes - self.at).unwrap_or(usize::MAX);
        let wanted = left.min(room_bytes);
        let words = &mut room[..wanted.next_multiple_of(ALIGNMENT)];
        if wanted == 0 || !part.read(self.at, words) {
            return 0;
        }
        let mut magic = MAGIC;
        let is_there = part.read(0, &mut magic) && magic == MAGIC;
        if !is_there || part.claims() != claims {
            return 0;
        }
        self.at += wanted as u64;
        wanted
    }
}

impl Source for Place {
    /// Reads them by way of a few words, which may begin before and end behind them.
    fn read(&self, mut at: u64, bytes: &mut [u8]) -> bool {
        let mut words = [0; 8 * ALIGNMENT];
        for piece in bytes.chunks_mut(words.len() - ALIGNMENT) {
            let skipped = (at % ALIGNMENT as u64) as usize;
            let wanted = &mut words[..(skipped + piece.len()).next_multiple_of(ALIGNMENT)];
            if !self.part.read(at - skipped as u64, wanted) {
                return false;
            }
            piece.copy_from_slice(&wanted[skipped..][..piece.len()]);
            at += piece.len() as u64;
        }
        self.part.claims() == self.claims
    }
}
