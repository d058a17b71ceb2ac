//! A switch that lets blocks come from as many call stacks as a large firmware has.

use alloc::vec::Vec;
use core::hint::black_box;

use embassy_time::{Duration, Ticker};
use heapbeacon::platform::Switch;

use crate::toggle::Toggle;

/// How often all blocks are replaced.
const PERIOD: Duration = Duration::from_millis(100);
/// Call stacks, each of which has one live block.
const WAYS: usize = 128;

/// The switch.
pub(crate) static MANY_STACKS: Toggle = Toggle::new(
    "many-stacks",
    "A block each of 128 call stacks is replaced ten times a second; off drops those that are there.",
);

/// Follows the switch, for ever.
pub async fn run() -> ! {
    let mut ticker = Ticker::every(PERIOD);
    let mut blocks = Vec::new();
    loop {
        ticker.next().await;
        if !MANY_STACKS.is_on() {
            blocks = Vec::new();
            continue;
        }
        blocks.resize_with(WAYS, Vec::new);
        for (way, block) in blocks.iter_mut().enumerate() {
            *block = turn(WAYS + way, 16);
        }
    }
}

/// Goes a way whose bits say which function calls which, up to the first of them, and allocates at its end. No two ways have the same return addresses.
#[inline(always)]
fn turn(way: usize, bytes: usize) -> Vec<u8> {
    match way {
        1 => Vec::with_capacity(bytes),
        way if way.is_multiple_of(2) => even(way / 2, bytes),
        way => odd(way / 2, bytes),
    }
}

#[inline(never)]
fn even(way: usize, bytes: usize) -> Vec<u8> {
    // What is behind a call keeps the compiler from making it a jump.
    black_box(turn(way, bytes))
}

/// It adds something, or the compiler would take both for one function.
#[inline(never)]
fn odd(way: usize, bytes: usize) -> Vec<u8> {
    black_box(turn(way, bytes + 1))
}
