//! Where all that outlives a reset lies.

use core::sync::atomic::AtomicU32;

use super::area::{Area, Found, HEAD};
use super::ends::ENDS;
use super::log::{LOG, Log};

/// Words of each area that is written ahead: 2 KiB.
pub(super) const AREA: usize = 512;
/// Words of what is kept: of one such area, and of the lines that were logged.
const KEPT: usize = AREA + LOG;
/// Words of the note on how a boot ended.
const NOTE: usize = 116;
const WORDS: usize = KEPT + 2 * AREA + NOTE + LOG + ENDS;
/// Bytes that a note takes at most.
pub(super) const NOTE_BYTES: usize = (NOTE - HEAD) * size_of::<u32>();

/// Memory that a reset leaves as it is: 7.6 KiB, to be put where the chip keeps it and the start of the firmware does not clear it.
pub struct Memory([AtomicU32; WORDS]);

impl Memory {
    /// Makes memory without anything in it.
    pub const fn new() -> Self {
        Self([const { AtomicU32::new(0) }; WORDS])
    }

    /// Checks whether no boot has begun with it, or none since the power failed.
    pub fn is_blank(&self) -> bool {
        self.has_nothing_to_tell() && self.ends().find() == Found::Nothing
    }

    /// Checks whether nothing is kept, and no boot has left anything to keep.
    pub(super) fn has_nothing_to_tell(&self) -> bool {
        let [first, second] = self.ahead();
        let all = [self.kept(), first, second, self.note()];
        all.iter().all(|area| area.find() == Found::Nothing)
    }

    pub(super) fn kept(&self) -> Area<'_> {
        Area(&self.0[..KEPT])
    }

    /// Returns the two areas that are written ahead in turn.
    pub(super) fn ahead(&self) -> [Area<'_>; 2] {
        [0, 1].map(|index| Area(&self.0[KEPT + index * AREA..KEPT + (index + 1) * AREA]))
    }

    pub(super) fn note(&self) -> Area<'_> {
        let start = KEPT + 2 * AREA;
        Area(&self.0[start..start + NOTE])
    }

    pub(super) fn log(&self) -> Log<'_> {
        let start = KEPT + 2 * AREA + NOTE;
        Log(&self.0[start..start + LOG])
    }

    pub(super) fn ends(&self) -> Area<'_> {
        Area(&self.0[WORDS - ENDS..])
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}
