//! Places: how many peers are served at a time, and whether others wait.

use core::cell::Cell;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::semaphore::{FairSemaphore, Semaphore, SemaphoreReleaser, WaitQueueFull};

/// Most places that there can be.
const MOST: usize = 8;

/// The places of peers that are served, and how many peers are here.
pub(crate) struct Places<M: RawMutex> {
    /// Those who wait are served in turn. Usually there is one; but when all places become free at once, every
    /// server task may have a newcomer before the first was woken.
    free: FairSemaphore<M, { MOST + 1 }>,
    here: Mutex<M, Cell<usize>>,
    most: usize,
}

/// A peer that is here until this value goes.
pub(super) struct Guest<'p, M: RawMutex>(&'p Places<M>);

/// A place that is held until this value goes.
pub(super) type Place<'p, M> = SemaphoreReleaser<'p, FairSemaphore<M, { MOST + 1 }>>;

impl<M: RawMutex> Places<M> {
    /// Makes up to [`MOST`] places.
    pub(crate) fn new(places: usize) -> Self {
        let most = places.min(MOST);
        Self {
            free: FairSemaphore::new(most),
            here: Mutex::new(Cell::new(0)),
            most,
        }
    }

    /// Lets a peer in, with or without a place.
    pub(super) fn enter(&self) -> Guest<'_, M> {
        self.here.lock(|here| here.set(here.get() + 1));
        Guest(self)
    }

    /// Tells whether every server task has a peer: then others may wait outside, whom nobody sees.
    pub(super) fn are_crowded(&self) -> bool {
        self.here.lock(Cell::get) > self.most
    }

    /// Takes a place, if one is free and nobody waits for it.
    pub(super) fn try_take(&self) -> Option<Place<'_, M>> {
        self.free.try_acquire(1)
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// When too many wait already.
    pub(super) async fn take(&self) -> Result<Place<'_, M>, WaitQueueFull> {
        self.free.acquire(1).await
    }
}

impl<M: RawMutex> Drop for Guest<'_, M> {
    fn drop(&mut self) {
        self.0.here.lock(|here| here.set(here.get() - 1));
    }
}
