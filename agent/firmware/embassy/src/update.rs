//! Sees the trial of new firmware through.

use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::{Duration, Instant, Ticker};
use embedded_storage::nor_flash::NorFlash;
use heapbeacon::field::update::{Updater, Verdict};

use crate::{network, restart};

const LOOK: Duration = Duration::from_secs(1);

/// Looks at the trial of the running firmware until it is confirmed, or restarts the device for the old one; returns at once where there is none.
pub async fn watch<M: RawMutex, F: NorFlash>(updater: &Updater<M, F>) {
    let mut ticker = Ticker::every(LOOK);
    loop {
        let joined_us = network::joined().map(|since| since.as_micros());
        match updater.settle(Instant::now().as_micros(), joined_us) {
            Verdict::Settled => return,
            Verdict::GiveUp => return restart::ask(),
            Verdict::Wait => ticker.next().await,
        }
    }
}
