//! Which slot the bootloader boots: the two entries of ESP-IDF's partition `otadata`.
//!
//! An entry is 32 bytes at the begin of a sector of its own (ESP-IDF, `esp_ota_select_entry_t` in `esp_flash_partitions.h`; chosen from
//! by `bootloader_utility_get_selected_boot_partition`):
//!
//! | at | bytes | what |
//! |---|---|---|
//! | 0 | 4 | sequence number: the higher one of two counts, and slot `(number - 1) % slots` is booted |
//! | 4 | 20 | label, which the bootloader ignores |
//! | 24 | 4 | state |
//! | 28 | 4 | CRC-32 of the sequence number |
//!
//! The crate esp-bootloader-esp-idf has them too, and writes only through the flash of a chip, in 0.6 at least; so they are written here.
//!
//! Behind an entry, where the bootloader does not look, are the attempts to start what it chose: each clears a word more, so that
//! nothing has to be erased for it. The word behind those is cleared when what it chose is left for want of a network.

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use embedded_storage::nor_flash::NorFlash;
use heapbeacon_shared::api::OtaRejection;

/// CRC-32 as the chips' ROM begins it: `crc32_le(0xFFFF_FFFF, …)` inverts what it is given.
const ALGORITHM: crc::Algorithm<u32> = crc::Algorithm {
    init: 0,
    ..CRC_32_ISO_HDLC
};
static CRC: Crc<u32, Table<0>> = Crc::<u32, Table<0>>::new(&ALGORITHM);

/// Bytes of an entry.
const ENTRY: usize = 32;
const LABEL: usize = 4;
const STATE: usize = 24;
const CHECK: usize = 28;
/// Slots that there are.
const SLOTS: u32 = 2;
/// How an entry is labelled that was written here: others are not on trial.
const OURS: &[u8] = b"heapbeacon";
/// Bytes that are written at once.
pub(super) const WORD: usize = 4;

/// How often firmware may start that does not get so far as to be confirmed.
pub const ATTEMPTS: usize = 3;

/// What is known of a slot's firmware (`esp_ota_img_states_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A bootloader that rolls back by itself has not booted it yet.
    New,
    /// Such a bootloader has booted it, and boots another one next time if it is not confirmed.
    PendingVerify,
    /// It was confirmed.
    Valid,
    /// It was rejected: the bootloader passes it over.
    Invalid,
    /// As [`Invalid`](Self::Invalid), by the bootloader.
    Aborted,
    /// Nothing is known, or the power was cut while it was written.
    Undefined,
}

impl State {
    const fn word(self) -> u32 {
        match self {
            Self::New => 0,
            Self::PendingVerify => 1,
            Self::Valid => 2,
            Self::Invalid => 3,
            Self::Aborted => 4,
            Self::Undefined => u32::MAX,
        }
    }

    const fn of(word: u32) -> Self {
        match word {
            0 => Self::New,
            1 => Self::PendingVerify,
            2 => Self::Valid,
            3 => Self::Invalid,
            4 => Self::Aborted,
            _ => Self::Undefined,
        }
    }
}

/// An entry that says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    sequence: u32,
    is_ours: bool,
    pub(super) state: State,
}

impl Entry {
    fn read(bytes: &[u8; ENTRY]) -> Option<Self> {
        let word = |at: usize| {
            let mut word = [0; WORD];
            word.copy_from_slice(&bytes[at..at + WORD]);
            u32::from_le_bytes(word)
        };
        let sequence = word(0);
        let is_whole = word(CHECK) == check(sequence);
        (is_whole && sequence != 0 && sequence != u32::MAX).then(|| Self {
            sequence,
            is_ours: bytes[LABEL..].starts_with(OURS),
            state: State::of(word(STATE)),
        })
    }

    fn bytes(&self) -> [u8; ENTRY] {
        let mut bytes = [0xFF; ENTRY];
        bytes[..WORD].copy_from_slice(&self.sequence.to_le_bytes());
        if self.is_ours {
            bytes[LABEL..LABEL + OURS.len()].copy_from_slice(OURS);
        }
        bytes[STATE..CHECK].copy_from_slice(&self.state.word().to_le_bytes());
        bytes[CHECK..].copy_from_slice(&check(self.sequence).to_le_bytes());
        bytes
    }

    /// Returns the slot that it chooses.
    pub(super) fn slot(&self) -> usize {
        (self.sequence.wrapping_sub(1) % SLOTS) as usize
    }

    /// Checks whether the bootloader takes it for one.
    fn is_bootable(&self) -> bool {
        !matches!(self.state, State::Invalid | State::Aborted)
    }

    /// Checks whether it was written here, and what it chooses was neither confirmed nor rejected.
    pub(super) fn is_on_trial(&self) -> bool {
        self.is_ours && self.is_bootable() && self.state != State::Valid
    }
}

/// Returns the entry that was written last.
fn newest(entries: impl Iterator<Item = (usize, Entry)>) -> Option<(usize, Entry)> {
    entries.reduce(|best, next| match next.1.sequence > best.1.sequence {
        true => next,
        false => best,
    })
}

fn check(sequence: u32) -> u32 {
    CRC.checksum(&sequence.to_le_bytes())
}

/// The partition `otadata` of a flash.
#[derive(Clone, Copy, Debug)]
pub(super) struct OtaData {
    /// Where it begins.
    pub(super) start: u32,
}

impl OtaData {
    /// Reads both entries.
    pub(super) fn entries<F: NorFlash>(
        self,
        flash: &mut F,
    ) -> Result<[Option<Entry>; 2], F::Error> {
        let mut entries = [None; 2];
        for (index, entry) in entries.iter_mut().enumerate() {
            let mut bytes = [0; ENTRY];
            flash.read(self.sector::<F>(index), &mut bytes)?;
            *entry = Entry::read(&bytes);
        }
        Ok(entries)
    }

    /// Returns the entry that the bootloader goes by, with its index.
    pub(super) fn active<F: NorFlash>(
        self,
        flash: &mut F,
    ) -> Result<Option<(usize, Entry)>, F::Error> {
        let entries = self.entries(flash)?.into_iter().enumerate();
        let bootable = entries.filter_map(|(index, entry)| Some((index, entry?)));
        Ok(newest(bootable.filter(|(_, entry)| entry.is_bootable())))
    }

    /// Returns the slot that is booted next: the first where no entry says which.
    pub(super) fn chosen<F: NorFlash>(self, flash: &mut F) -> Result<usize, F::Error> {
        Ok(self.active(flash)?.map_or(0, |(_, entry)| entry.slot()))
    }

    /// Has a slot booted next. The entry that the bootloader has gone by stays as it is, and counts until the new one is whole.
    pub(super) fn choose<F: NorFlash>(
        self,
        flash: &mut F,
        slot: usize,
        state: State,
    ) -> Result<(), F::Error> {
        let entries = self.entries(flash)?;
        let active = self.active(flash)?;
        // Those of rejected ones count, too: a bootloader never meets two of the same number.
        let known = entries.into_iter().flatten().map(|entry| entry.sequence);
        let highest = known.max().unwrap_or(0);
        let mut sequence = highest.saturating_add(1);
        if (sequence.wrapping_sub(1) % SLOTS) as usize != slot {
            sequence = sequence.saturating_add(1);
        }
        let entry = Entry {
            sequence,
            is_ours: true,
            state,
        };
        let index = active.map_or(0, |(index, _)| 1 - index);
        self.rewrite(flash, index, &entry)
    }

    /// Says that what an entry chooses works.
    pub(super) fn confirm<F: NorFlash>(
        self,
        flash: &mut F,
        (index, entry): (usize, Entry),
    ) -> Result<(), F::Error> {
        if entry.state == State::Undefined {
            return self.set_state(flash, index, State::Valid);
        }
        // What a bootloader has written is no word of ones that could become another.
        let entry = Entry {
            state: State::Valid,
            ..entry
        };
        self.rewrite(flash, index, &entry)
    }

    /// Has a slot booted instead of what is chosen, which does not work.
    pub(super) fn go_back<F: NorFlash>(
        self,
        flash: &mut F,
        slot: usize,
        why: OtaRejection,
    ) -> Result<(), F::Error> {
        let active = self.active(flash)?;
        let active = active.filter(|(_, entry)| entry.slot() != slot);
        let is_open = |(_, entry): &(usize, Entry)| entry.state == State::Undefined;
        if let Some((index, _)) = active.filter(is_open) {
            self.note_rejection(flash, index, why)?;
            self.set_state(flash, index, State::Invalid)?;
        }
        if self.chosen(flash)? != slot {
            self.choose(flash, slot, State::Valid)?;
        }
        // What a bootloader has written is no word of ones that could become another. Another entry counts by now.
        if let Some((index, entry)) = active.filter(|active| !is_open(active)) {
            let entry = Entry {
                state: State::Invalid,
                ..entry
            };
            self.rewrite(flash, index, &entry)?;
            self.note_rejection(flash, index, why)?;
        }
        Ok(())
    }

    fn note_rejection<F: NorFlash>(
        self,
        flash: &mut F,
        index: usize,
        why: OtaRejection,
    ) -> Result<(), F::Error> {
        match why == OtaRejection::NoNetwork && self.rejection(flash, index)? != why {
            true => flash.write(self.rejection_at::<F>(index), &[0; WORD]),
            false => Ok(()),
        }
    }

    /// Returns why what a slot holds was left; `None` where it was not.
    pub(super) fn rejection_of<F: NorFlash>(
        self,
        flash: &mut F,
        slot: usize,
    ) -> Result<Option<OtaRejection>, F::Error> {
        let entries = self.entries(flash)?.into_iter().enumerate();
        let known = entries.filter_map(|(index, entry)| Some((index, entry?)));
        match newest(known.filter(|(_, entry)| entry.slot() == slot)) {
            Some((index, entry)) if !entry.is_bootable() => self.rejection(flash, index).map(Some),
            _ => Ok(None),
        }
    }

    /// Returns why what an entry chose was left, if it was.
    fn rejection<F: NorFlash>(self, flash: &mut F, index: usize) -> Result<OtaRejection, F::Error> {
        let mut word = [0; WORD];
        flash.read(self.rejection_at::<F>(index), &mut word)?;
        Ok(match word {
            [0, 0, 0, 0] => OtaRejection::NoNetwork,
            _ => OtaRejection::NeverConfirmed,
        })
    }

    /// Clears bits of the state: all are set where it is undefined, and some that have to be, where the power was cut.
    fn set_state<F: NorFlash>(
        self,
        flash: &mut F,
        index: usize,
        state: State,
    ) -> Result<(), F::Error> {
        let at = self.sector::<F>(index) + STATE as u32;
        flash.write(at, &state.word().to_le_bytes())
    }

    /// Counts an attempt to start what an entry chooses; returns how many there were before, or all of them if there may be no more.
    pub(super) fn attempt<F: NorFlash>(
        self,
        flash: &mut F,
        index: usize,
    ) -> Result<usize, F::Error> {
        let before = self.attempts(flash, index)?;
        if before < ATTEMPTS {
            flash.write(self.attempt_at::<F>(index, before), &[0; WORD])?;
        }
        Ok(before)
    }

    /// Returns how many attempts were counted.
    pub(super) fn attempts<F: NorFlash>(
        self,
        flash: &mut F,
        index: usize,
    ) -> Result<usize, F::Error> {
        for attempt in 0..ATTEMPTS {
            let mut word = [0; WORD];
            flash.read(self.attempt_at::<F>(index, attempt), &mut word)?;
            if word == [0xFF; WORD] {
                return Ok(attempt);
            }
        }
        Ok(ATTEMPTS)
    }

    fn attempt_at<F: NorFlash>(self, index: usize, attempt: usize) -> u32 {
        self.sector::<F>(index) + (ENTRY + attempt * WORD) as u32
    }

    fn rejection_at<F: NorFlash>(self, index: usize) -> u32 {
        self.attempt_at::<F>(index, ATTEMPTS)
    }

    fn rewrite<F: NorFlash>(
        self,
        flash: &mut F,
        index: usize,
        entry: &Entry,
    ) -> Result<(), F::Error> {
        let start = self.sector::<F>(index);
        flash.erase(start, start + F::ERASE_SIZE as u32)?;
        let bytes = entry.bytes();
        let (before, rest) = bytes.split_at(STATE);
        let (state, check) = rest.split_at(CHECK - STATE);
        flash.write(start, before)?;
        // A word is written once where that is all that a flash allows: this one will be.
        if entry.state != State::Undefined {
            flash.write(start + STATE as u32, state)?;
        }
        // It comes last, so that a part of an entry is none.
        flash.write(start + CHECK as u32, check)
    }

    fn sector<F: NorFlash>(self, index: usize) -> u32 {
        self.start + (index * F::ERASE_SIZE) as u32
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_flash_sim::Flash;

    use super::*;

    /// Entries that ESP-IDF has written, as esp-bootloader-esp-idf's tests have them (`SLOT_COUNT_1_VALID`, `SLOT_COUNT_2_NEW`).
    const FIRST_VALID: [u8; ENTRY] = [
        1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 2, 0, 0, 0, 154, 152, 67, 71,
    ];
    const SECOND_NEW: [u8; ENTRY] = [
        2, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 0, 0, 0, 0, 116, 55, 246, 85,
    ];
    const DATA: OtaData = OtaData { start: 0 };

    #[test]
    fn entries_are_those_of_esp_idf() {
        let first = Entry {
            sequence: 1,
            is_ours: false,
            state: State::Valid,
        };
        let second = Entry {
            sequence: 2,
            is_ours: false,
            state: State::New,
        };
        for (bytes, entry) in [(FIRST_VALID, first), (SECOND_NEW, second)] {
            assert_eq!(Entry::read(&bytes), Some(entry));
            assert_eq!(entry.bytes(), bytes);
            assert!(!entry.is_on_trial(), "it was not written here");
        }
        assert_eq!((first.slot(), second.slot()), (0, 1));
        assert_eq!(Entry::read(&[0xFF; ENTRY]), None);
    }

    #[test]
    fn the_newer_choice_counts_until_it_is_rejected() {
        let mut flash = Flash::new(2);
        assert_eq!(DATA.chosen(&mut flash), Ok(0));
        for slot in [1, 0, 0, 1, 1, 0, 1] {
            let written = DATA.choose(&mut flash, slot, State::Undefined);
            assert_eq!(written, Ok(()));
            assert_eq!(DATA.chosen(&mut flash), Ok(slot));
        }
        let (index, entry) = active(&mut flash);
        assert!(entry.is_on_trial());
        let why = OtaRejection::NoNetwork;
        assert_eq!(DATA.go_back(&mut flash, 0, why), Ok(()));
        assert_eq!(DATA.rejection(&mut flash, index), Ok(why));
        assert_eq!(active(&mut flash).0, 1 - index);
        assert_eq!(DATA.choose(&mut flash, 0, State::Undefined), Ok(()));
        let again = active(&mut flash);
        assert!(again.1.sequence > entry.sequence, "{again:?}");
        assert_eq!(DATA.confirm(&mut flash, again), Ok(()));
        assert_eq!(active(&mut flash).1.state, State::Valid);
    }

    #[test]
    fn an_attempt_is_counted_without_an_erasure() {
        let mut flash = Flash::new(2);
        assert_eq!(DATA.choose(&mut flash, 1, State::Undefined), Ok(()));
        let before = flash.operations();
        for attempt in [0, 1, 2, 3, 3] {
            assert_eq!(DATA.attempt(&mut flash, 0), Ok(attempt));
        }
        assert_eq!(flash.operations() - before, ATTEMPTS as u64);
        assert_eq!(active(&mut flash).1.slot(), 1);
    }

    fn active(flash: &mut Flash) -> (usize, Entry) {
        let active = DATA.active(flash).expect("it has power");
        active.expect("there is an entry")
    }
}
