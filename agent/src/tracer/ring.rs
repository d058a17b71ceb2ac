//! The ring of events: hooks write, whoever tells a host reads.
//!
//! It overwrites the oldest event, so no writer ever waits. Each reader has a place of its own, and learns when it was overtaken.
//! Writers are kept apart by the tracer's lock; readers take none: what they copy counts only if it was not being
//! overwritten meanwhile.

use super::atomics::{
    AtomicU32, AtomicUsize, NUMBERS, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
    POINTERS, fence,
};

/// What a slot holds: bits of an event, as [`Event`](super::Event) packs them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) numbers: [u32; NUMBERS],
    pub(super) pointers: [usize; POINTERS],
}

/// Room for one event.
#[derive(Debug)]
pub struct Slot {
    numbers: [AtomicU32; NUMBERS],
    pointers: [AtomicUsize; POINTERS],
}

/// Events that a host may be told of, the latest as many as it has slots for: a power of two.
#[derive(Debug)]
pub struct Ring<S: ?Sized = [Slot]> {
    /// Events whose writing has begun. These two wrap.
    begun: AtomicU32,
    /// Events that are written.
    written: AtomicU32,
    slots: S,
}

/// A reader's place among the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventCursor(u32);

/// The events from a cursor on were overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overtaken;

impl Slot {
    /// Makes an empty slot of its atomics.
    pub(super) const fn of(
        numbers: [AtomicU32; NUMBERS],
        pointers: [AtomicUsize; POINTERS],
    ) -> Self {
        Self { numbers, pointers }
    }
}

impl<S> Ring<S> {
    /// Makes a ring of its parts, with all numbers 0.
    pub(super) const fn of(begun: AtomicU32, written: AtomicU32, slots: S) -> Self {
        Self {
            begun,
            written,
            slots,
        }
    }
}

impl Ring {
    /// Writes an event over the oldest one. Nobody else writes meanwhile.
    #[inline(always)]
    pub(super) fn push(&self, event: &Packed) {
        self.push_as(self.written.load(Relaxed), event);
    }

    /// Writes an event, which has this number: that of events before it. Nobody else writes meanwhile.
    #[inline(always)]
    pub(super) fn push_as(&self, number: u32, event: &Packed) {
        let Some(slot) = self.slot(number) else {
            return;
        };
        let next = number.wrapping_add(1);
        self.begun.store(next, Relaxed);
        // Whoever reads any of what follows sees then that it has begun.
        fence(Release);
        for (place, value) in slot.numbers.iter().zip(event.numbers) {
            place.store(value, Relaxed);
        }
        for (place, value) in slot.pointers.iter().zip(event.pointers) {
            place.store(value, Relaxed);
        }
        self.written.store(next, Release);
    }

    /// Returns the place behind the last event.
    pub fn end(&self) -> EventCursor {
        EventCursor(self.written.load(Acquire))
    }

    /// Returns the event at a cursor, which moves on, or `None` where there is none yet.
    ///
    /// # Errors
    /// When it was overwritten; the cursor stays.
    pub(super) fn read_packed(
        &self,
        cursor: &mut EventCursor,
    ) -> Result<Option<Packed>, Overtaken> {
        let EventCursor(number) = *cursor;
        let written = self.written.load(Acquire);
        if written == number {
            return Ok(None);
        }
        let slot = self.slot(number).ok_or(Overtaken)?;
        let event = Packed {
            numbers: core::array::from_fn(|index| slot.numbers[index].load(Relaxed)),
            pointers: core::array::from_fn(|index| slot.pointers[index].load(Relaxed)),
        };
        // What was read of an event that is being written makes its beginning visible.
        fence(Acquire);
        let begun = self.begun.load(Relaxed);
        if begun.wrapping_sub(number) as usize > self.slots.len() {
            return Err(Overtaken);
        }
        *cursor = EventCursor(number.wrapping_add(1));
        Ok(Some(event))
    }

    #[inline(always)]
    fn slot(&self, number: u32) -> Option<&Slot> {
        let mask = self.slots.len().wrapping_sub(1);
        self.slots.get(number as usize & mask)
    }
}

impl EventCursor {
    /// Returns how many events there are from another cursor, which is not behind this one, up to here.
    pub fn since(self, earlier: Self) -> u32 {
        self.0.wrapping_sub(earlier.0)
    }
}
