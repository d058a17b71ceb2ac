//! Samples the heap for its history.

use embassy_time::{Duration, Ticker};
use heapbeacon::history::PERIOD_US;
use heapbeacon::platform::Device;
use heapbeacon::sample;

/// Samples the heap of a board for ever.
///
/// Tasks of embassy-executor can't be generic, so a board spawns this from one of its own.
pub async fn keep<P: Device>() -> ! {
    let mut ticker = Ticker::every(Duration::from_micros(PERIOD_US));
    loop {
        sample::<P>();
        ticker.next().await;
    }
}
