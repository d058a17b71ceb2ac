//! What a panic leaves for the next boot.

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
