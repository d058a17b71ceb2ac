//! The ring of events under every interleaving of a writer and a reader: loom runs them all.

/// Loom's atomics in place of the real ones, and of each kind only one in a slot: there are few enough interleavings then.
mod atomics {
    pub(super) use loom::sync::atomic::{AtomicU32, AtomicUsize, Ordering, fence};

    pub(super) const NUMBERS: usize = 1;
    pub(super) const POINTERS: usize = 1;
}

#[allow(dead_code, unreachable_pub, reason = "a part of it is used here")]
#[path = "../src/tracer/ring.rs"]
mod ring;

use std::sync::Arc;

use atomics::{AtomicU32, AtomicUsize};
use loom::thread;
use ring::{EventCursor, Overtaken, Packed, Ring, Slot};

fn slot() -> Slot {
    Slot::of([AtomicU32::new(0)], [AtomicUsize::new(0)])
}

fn ring<const N: usize>() -> Arc<Ring> {
    let slots: [Slot; N] = std::array::from_fn(|_| slot());
    Arc::new(Ring::of(AtomicU32::new(0), AtomicU32::new(0), slots))
}

/// An event whose every part tells its number, from 1.
fn event(number: u32) -> Packed {
    Packed {
        numbers: [number],
        pointers: [number as usize],
    }
}

/// Reads what there is; returns how many events were read or skipped in all.
fn read_all(ring: &Ring, cursor: &mut EventCursor, seen: &mut u32) {
    loop {
        match ring.read_packed(cursor) {
            Ok(Some(read)) => {
                *seen += 1;
                assert_eq!(read, event(*seen), "whole, and in its place");
            }
            Ok(None) => return,
            Err(Overtaken) => {
                let end = ring.end();
                let skipped = end.since(*cursor);
                assert!(skipped > 0, "who was overtaken is behind");
                *seen += skipped;
                *cursor = end;
            }
        }
    }
}

fn check<const N: usize>(events: u32) {
    loom::model(move || {
        let ring = ring::<N>();
        let mut cursor = ring.end();
        let writer = {
            let ring = Arc::clone(&ring);
            thread::spawn(move || {
                for number in 1..=events {
                    // Who loaded the number from the ring would hide the reader's load from loom, which compares a store
                    // with the last load only.
                    ring.push_as(number - 1, &event(number));
                }
            })
        };
        let mut seen = 0;
        read_all(&ring, &mut cursor, &mut seen);
        writer.join().expect("it does not panic");
        read_all(&ring, &mut cursor, &mut seen);
        assert_eq!(seen, events, "each was read or is known to be missed");
    });
}

#[test]
fn a_reader_reads_each_event_whole_or_learns_that_it_missed_it() {
    check::<1>(2);
}

#[test]
fn a_reader_that_keeps_up_misses_nothing() {
    check::<2>(2);
}

#[test]
fn a_reader_is_overtaken_in_a_ring_of_two() {
    check::<2>(3);
}
