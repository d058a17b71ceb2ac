//! A large capture, which is finished a part at a time.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use heapbeacon_shared::capture::CaptureReader;

use super::messages::*;

#[test]
fn a_long_capture_is_finished_in_turns_and_is_the_same() {
    let mut told = messages();
    told.extend((100..200_100).map(|second| record(second, 8, 1)));
    told.extend((100..200_100).map(|second| freed(second, second + 1)));
    let bytes = stream(&told);
    let reader = || {
        let mut reader = CaptureReader::new();
        reader.push(&bytes).expect("readable");
        reader
    };
    let turns = Cell::new(0);
    let finished = reader().finish_in_turns(|| {
        turns.set(turns.get() + 1);
        std::future::ready(())
    });
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(finished) = pin!(finished).poll(&mut context) else {
        panic!("it waits for nothing");
    };
    // Frees, addresses and records, some ten thousand at a time.
    assert!(turns.get() > 3 * 200_000 / 40_000, "{turns:?}");
    assert_eq!(finished, reader().finish());
}
