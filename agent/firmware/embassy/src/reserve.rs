//! Takes the reserve again once there is room for it.

use embassy_time::{Duration, Ticker};
use heapbeacon::platform::Platform;

/// How often there is a look whether there is room.
const LOOK: Duration = Duration::from_secs(1);

/// Holds so many bytes back from now on; again and again, for a failed allocation gives them back.
///
/// Tasks of embassy-executor can't be generic, so a board spawns this from one of its own.
pub async fn keep<P: Platform>(bytes: usize) {
    let Some(reserve) = P::reserve().filter(|_| bytes > 0) else {
        return;
    };
    reserve.hold(bytes);
    let mut ticker = Ticker::every(LOOK);
    loop {
        ticker.next().await;
        reserve.refill();
    }
}
