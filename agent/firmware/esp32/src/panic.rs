//! What a panic, and the log before it, leave for the next boot.

use core::fmt;
use core::panic::PanicInfo;

use heapbeacon::postmortem::panicked;

use crate::board::Board;

/// Notes what a panic says and where it was, for the next boot to tell: see [`heapbeacon::postmortem`]. Call it from the panic
/// handler, before the chip is reset.
///
/// ```ignore
/// #[panic_handler]
/// fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
///     heapbeacon_esp32::note_panic(info);
///     esp_hal::system::software_reset()
/// }
/// ```
pub fn note_panic(info: &PanicInfo<'_>) {
    panicked::<Board>(info);
}

/// Notes a line of the firmware's log for a post-mortem, as [`print`](crate::print) does by itself: to be called from the firmware's own logger.
pub fn log(line: fmt::Arguments<'_>) {
    heapbeacon::postmortem::log::<Board>(line);
}
