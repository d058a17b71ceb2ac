//! Restarts a device once the answer to whoever asked for it is on its way.

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::{Duration, Timer};
use heapbeacon::platform::Platform;
use heapbeacon::postmortem::requested;

/// How long an answer has to get there.
const ANSWER: Duration = Duration::from_millis(500);

static ASKED: Signal<CriticalSectionRawMutex, ()> = Signal::new();

/// Asks for a restart.
pub fn ask() {
    ASKED.signal(());
}

/// Waits until somebody asks for a restart, and notes that it was asked for: the board may reset itself then.
pub async fn wait<P: Platform>() {
    ASKED.wait().await;
    Timer::after(ANSWER).await;
    requested::<P>();
}
