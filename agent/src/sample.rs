//! Samples the heap of a board for its history.

use heapbeacon_shared::trace::Window;

use crate::field::triggers;
use crate::platform::Device;
use crate::postmortem::write_ahead;
use crate::read::cursors::now_us;

/// Notes how full the heap of a board is now, if it keeps a [history](crate::history), and who holds it, if it keeps
/// [post-mortems](crate::postmortem), and does what its [triggers] are for: to be called every [`PERIOD_US`](crate::history::PERIOD_US).
///
/// It takes no longer hold of anything than `GET /heap` and `GET /trace/leaks` do.
pub fn sample<P: Device>() {
    if let Some(history) = P::history() {
        let now_us = now_us::<P>();
        let since_us = history.until_us();
        let regions = P::regions(Some(Window { since_us, now_us }));
        history.note(now_us, &regions);
    }
    if let (Some(black_box), Some(settings)) = (P::black_box(), P::settings()) {
        black_box.keep_log(settings.get(|settings| !settings.no_log));
    }
    write_ahead::<P>();
    triggers::watch::<P>();
}
