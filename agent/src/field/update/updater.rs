//! What connections and the board share of an update.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering};

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embedded_storage::nor_flash::NorFlash;
use heapbeacon_shared::api::{self, OtaRejection};

use super::installer::Installer;
use super::lane::{Lane, Part};
use super::refusal::Refusal;
use super::trial::{Verdict, judge};

/// An update, for those who do not know the flash that it is written to.
pub trait Update: Sync {
    /// Describes slots and upload; `None` while somebody else is at work, for as long as an erasure takes.
    fn status(&self) -> Option<api::Ota>;

    /// Hands out the right to upload. Use a [`Session`](super::Session), which gives it back.
    ///
    /// # Errors
    /// Those of [`Session::open`](super::Session::open).
    fn open(&self, part: Part, may_be_older: bool) -> Result<&'static mut Lane, Refusal>;

    /// Takes a block.
    ///
    /// # Errors
    /// Those of [`Session::take`](super::Session::take).
    fn accept(&self, lane: &Lane) -> Result<(), Refusal>;

    /// Reads some of the image back.
    ///
    /// # Errors
    /// Those of [`Session::check`](super::Session::check).
    fn check(&self, lane: &mut Lane) -> Result<bool, Refusal>;

    /// Takes the right to upload back.
    fn close(&self, lane: &'static mut Lane);

    /// Gives an upload up that comes, or was broken off, or waits for the restart: what runs is booted next.
    ///
    /// # Errors
    /// When there is none, or the flash fails.
    fn cancel(&self) -> Result<(), Refusal>;

    /// Notes that a request of the API was answered: what can do that works.
    fn note_answer(&self);
}

/// An update over a flash, which a board has in a static.
///
/// No lock is held while flash is written, which takes many milliseconds: who comes meanwhile is told to come again.
pub struct Updater<M: RawMutex, F: 'static> {
    installer: Mutex<M, Cell<Option<&'static mut Installer<F>>>>,
    lane: Mutex<M, Cell<Option<&'static mut Lane>>>,
    has_answered: AtomicBool,
}

impl<M: RawMutex, F: NorFlash> Updater<M, F> {
    /// Shares what was [started](Installer::start), and the memory for a block.
    pub fn new(installer: &'static mut Installer<F>, lane: &'static mut Lane) -> Self {
        Self {
            installer: Mutex::new(Cell::new(Some(installer))),
            lane: Mutex::new(Cell::new(Some(lane))),
            has_answered: AtomicBool::new(false),
        }
    }

    /// Sees how a trial goes, in microseconds since boot, with a network since then; a board calls it every second until it is
    /// [settled](Verdict::Settled), and restarts if that is to be [given up](Verdict::GiveUp).
    pub fn settle(&self, now_us: u64, joined_us: Option<u64>) -> Verdict {
        let has_answered = self.has_answered.load(Ordering::Relaxed);
        let settled = self.with(|installer| {
            if !installer.is_on_trial() {
                return Verdict::Settled;
            }
            let verdict = judge(now_us, joined_us, has_answered);
            let done = match verdict {
                Verdict::Settled => installer.confirm(),
                Verdict::GiveUp => installer.reject(OtaRejection::NoNetwork),
                Verdict::Wait => Ok(()),
            };
            // A flash that fails may not do so next time.
            done.map_or(Verdict::Wait, |()| verdict)
        });
        settled.unwrap_or(Verdict::Wait)
    }

    /// Lends the flash, to be looked at or changed behind its back.
    #[cfg(test)]
    pub(crate) fn with_flash<T>(&self, work: impl FnOnce(&mut F) -> T) -> T {
        let result = self.with(|installer| work(installer.flash()));
        result.expect("nobody is at work")
    }

    /// Works with the installer outside of the lock.
    fn with<T>(&self, work: impl FnOnce(&mut Installer<F>) -> T) -> Option<T> {
        let installer = self.installer.lock(Cell::take)?;
        let result = work(installer);
        self.installer.lock(|place| place.set(Some(installer)));
        Some(result)
    }
}

impl<M: RawMutex + Sync, F: NorFlash + Send> Update for Updater<M, F> {
    fn status(&self) -> Option<api::Ota> {
        let lane = self.lane.lock(Cell::take);
        let (next, total) = lane
            .as_ref()
            .map_or((None, 0), |lane| (Some(lane.next()), lane.total));
        if lane.is_some() {
            self.lane.lock(|place| place.set(lane));
        }
        self.with(|installer| installer.status(next, total))
    }

    fn open(&self, part: Part, may_be_older: bool) -> Result<&'static mut Lane, Refusal> {
        let lane = self.lane.lock(Cell::take).ok_or(Refusal::Busy)?;
        let opened = self.with(|installer| installer.open(lane, part, may_be_older));
        match opened.unwrap_or(Err(Refusal::Busy)) {
            Ok(()) => Ok(lane),
            Err(refusal) => {
                self.close(lane);
                Err(refusal)
            }
        }
    }

    fn accept(&self, lane: &Lane) -> Result<(), Refusal> {
        let accepted = self.with(|installer| installer.accept(lane));
        accepted.unwrap_or(Err(Refusal::Busy))
    }

    fn check(&self, lane: &mut Lane) -> Result<bool, Refusal> {
        self.with(|installer| installer.check(lane))
            .unwrap_or(Err(Refusal::Busy))
    }

    fn close(&self, lane: &'static mut Lane) {
        // One that was given up meanwhile is not gone on with.
        if self.with(|installer| installer.is_given_up(lane)) == Some(true) {
            lane.begin(0, 0);
        }
        self.lane.lock(|place| place.set(Some(lane)));
    }

    fn cancel(&self) -> Result<(), Refusal> {
        // Whoever has it learns with the next block that there is nothing left to go on with.
        let is_begun = self.lane.lock(Cell::take).is_none_or(|lane| {
            let is_begun = lane.total > 0;
            lane.begin(0, 0);
            self.close(lane);
            is_begun
        });
        let is_undone = self.with(|installer| {
            installer.forget();
            installer.stay()
        });
        match is_undone.unwrap_or(Err(Refusal::Busy))? || is_begun {
            true => Ok(()),
            false => Err(Refusal::Nothing),
        }
    }

    fn note_answer(&self) {
        self.has_answered.store(true, Ordering::Relaxed);
    }
}
