//! A switch that lets as much happen as an event connection has to carry.

use alloc::vec::Vec;

use embassy_time::{Duration, Ticker};
use heapbeacon::platform::Switch;

use crate::toggle::Toggle;

/// How often blocks are replaced, and how many at a time: one is allocated and one freed for each, 5,000 times a second in all.
const PERIOD: Duration = Duration::from_millis(10);
const AT_A_TIME: usize = 25;
/// Blocks that are live at a time.
const LIVE: usize = 64;

/// The switch.
pub(crate) static STORM: Toggle = Toggle::new(
    "event-storm",
    "2,500 small blocks a second are allocated and freed, for event connections; off drops those that are there.",
);

/// Follows the switch, for ever.
pub async fn run() -> ! {
    let mut ticker = Ticker::every(PERIOD);
    let mut blocks = Vec::new();
    let mut next = 0;
    loop {
        ticker.next().await;
        if !STORM.is_on() {
            blocks = Vec::new();
            continue;
        }
        for _ in 0..AT_A_TIME {
            replace(&mut blocks, next);
            next = (next + 1) % LIVE;
        }
    }
}

/// Puts a block of another size in a place, and drops the one that was there.
fn replace(blocks: &mut Vec<Vec<u8>>, place: usize) {
    if blocks.capacity() == 0 {
        blocks.reserve_exact(LIVE);
    }
    let block = Vec::with_capacity(16 + place * 7 % 80);
    match blocks.get_mut(place) {
        Some(old) => *old = block,
        None => blocks.push(block),
    }
}
