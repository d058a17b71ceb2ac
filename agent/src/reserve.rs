//! A part of the heap that is held back, so that a device can still be asked when its heap is full.
//!
//! A network driver that takes its buffers from the traced heap hears and says nothing once an allocation fails. The
//! reserve is given back at that moment, from inside the allocator's hook, and taken again when there is room for it and
//! for half as much: that much is to be used before the next failure gives it back.

use core::cell::Cell;
use core::ptr::NonNull;

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::trace;

/// Where a reserve comes from. Its block is neither traced nor counted.
pub trait Source: Sync {
    /// Checks whether a block of so many bytes could be had now.
    fn would_serve(&self, bytes: usize) -> bool;

    /// Hands out a block, if there is one.
    fn take(&self, bytes: usize) -> Option<NonNull<u8>>;

    /// Takes a block back. It is called from inside the allocator's hook, in any context, where no lock of the
    /// allocator is held.
    ///
    /// # Safety
    /// The block must come from [`take`](Self::take) for so many bytes.
    unsafe fn give_back(&self, block: NonNull<u8>, bytes: usize);
}

/// A part of the heap that is held back.
pub struct Reserve<M: RawMutex> {
    source: &'static dyn Source,
    state: Mutex<M, Cell<State>>,
}

#[derive(Clone, Copy)]
struct State {
    size: usize,
    block: Option<NonNull<u8>>,
    given: u32,
    given_us: Option<u64>,
}

// SAFETY: the block is nobody else's, and is reached behind the lock only.
unsafe impl<M: RawMutex + Sync> Sync for Reserve<M> {}

impl<M: RawMutex> Reserve<M> {
    /// Makes a reserve that is not held yet, and has no size.
    pub const fn new(source: &'static dyn Source) -> Self {
        Self {
            source,
            state: Mutex::new(Cell::new(State {
                size: 0,
                block: None,
                given: 0,
                given_us: None,
            })),
        }
    }

    /// Holds so many bytes back from now on, as soon as there is room for them; 0 holds nothing back.
    pub fn hold(&self, bytes: usize) {
        self.release(None);
        self.update(|state| state.size = bytes);
        self.refill();
    }

    /// Gives the block back because an allocation has failed, and tells whether it was held.
    pub fn give_back(&self, time_us: u64) -> bool {
        self.release(Some(time_us))
    }

    /// Takes the block again if there is room for it and for half as much. To be called from time to time.
    pub fn refill(&self) {
        let state = self.state.lock(Cell::get);
        let is_wanted = state.size > 0 && state.block.is_none();
        let room = state.size.saturating_add(state.size / 2);
        if !is_wanted || !self.source.would_serve(room) {
            return;
        }
        if let Some(block) = self.source.take(state.size) {
            self.update(|state| state.block = Some(block));
        }
    }

    /// Describes it; `None` if there is to be none.
    pub fn describe(&self) -> Option<trace::Reserve> {
        let state = self.state.lock(Cell::get);
        (state.size > 0).then_some(trace::Reserve {
            size: state.size as u64,
            held: state.block.is_some(),
            given: state.given,
            given_us: state.given_us,
        })
    }

    fn release(&self, failed_us: Option<u64>) -> bool {
        let (block, size) = self.update(|state| {
            let block = state.block.take();
            if block.is_some() && failed_us.is_some() {
                state.given = state.given.saturating_add(1);
                state.given_us = failed_us;
            }
            (block, state.size)
        });
        let Some(block) = block else {
            return false;
        };
        // SAFETY: it was taken for this size, which changes only while there is no block.
        unsafe { self.source.give_back(block, size) };
        true
    }

    fn update<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        self.state.lock(|cell| {
            let mut state = cell.get();
            let result = work(&mut state);
            cell.set(state);
            result
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embassy_sync::blocking_mutex::raw::NoopRawMutex;
    use std::boxed::Box;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    /// A heap that is only a number.
    struct Room(AtomicUsize);

    impl Source for Room {
        fn would_serve(&self, bytes: usize) -> bool {
            self.0.load(Relaxed) >= bytes
        }

        fn take(&self, bytes: usize) -> Option<NonNull<u8>> {
            let left = self.0.load(Relaxed).checked_sub(bytes)?;
            self.0.store(left, Relaxed);
            Some(NonNull::dangling())
        }

        unsafe fn give_back(&self, _block: NonNull<u8>, bytes: usize) {
            self.0.fetch_add(bytes, Relaxed);
        }
    }

    fn reserve(room: usize) -> (&'static Room, Reserve<NoopRawMutex>) {
        let room: &Room = Box::leak(Box::new(Room(AtomicUsize::new(room))));
        (room, Reserve::new(room))
    }

    fn is_held(reserve: &Reserve<NoopRawMutex>) -> bool {
        reserve.describe().is_some_and(|reserve| reserve.held)
    }

    #[test]
    fn the_first_failure_gives_it_back_and_the_next_finds_nothing_to_give() {
        let (room, reserve) = reserve(20_000);
        reserve.hold(12_000);
        assert_eq!(room.0.load(Relaxed), 8_000);
        assert!(reserve.give_back(5));
        assert_eq!(room.0.load(Relaxed), 20_000);
        assert!(!reserve.give_back(6));
        let told = reserve.describe().expect("there is one");
        assert_eq!((told.held, told.given, told.given_us), (false, 1, Some(5)));
    }

    #[test]
    fn it_is_taken_again_only_with_room_for_half_as_much_beside_it() {
        let (room, reserve) = reserve(20_000);
        reserve.hold(12_000);
        reserve.give_back(5);
        room.0.store(17_999, Relaxed);
        reserve.refill();
        assert!(!is_held(&reserve));
        room.0.store(18_000, Relaxed);
        reserve.refill();
        assert!(is_held(&reserve));
        reserve.refill();
        assert_eq!(room.0.load(Relaxed), 6_000, "it is taken once");
        assert!(reserve.give_back(9));
        assert_eq!(reserve.describe().map(|told| told.given), Some(2));
    }

    #[test]
    fn none_is_held_unless_a_size_was_set_or_where_there_is_no_room() {
        let (room, reserve) = reserve(1_000);
        reserve.refill();
        assert_eq!(reserve.describe(), None);
        assert!(!reserve.give_back(1));
        reserve.hold(1_000);
        assert!(!is_held(&reserve));
        reserve.hold(100);
        assert!(is_held(&reserve));
        reserve.hold(0);
        assert_eq!((reserve.describe(), room.0.load(Relaxed)), (None, 1_000));
    }
}
