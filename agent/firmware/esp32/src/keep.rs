//! What outlives a reset of the chip.

use esp_hal::rtc_cntl::reset_reason;
use esp_hal::system::Cpu;
use heapbeacon::postmortem::{BlackBox, Memory, Reset};
use heapbeacon_embassy::Lock;
use heapbeacon_shared::trace::Reason;

/// In the memory of the real-time clock, which esp-hal clears after a power failure only; on a chip without it, in RAM that nobody
/// clears.
#[cfg_attr(
    any(feature = "esp32c2", feature = "esp32c61"),
    unsafe(link_section = ".noinit.heapbeacon")
)]
#[cfg_attr(
    not(any(feature = "esp32c2", feature = "esp32c61")),
    unsafe(link_section = ".rtc_fast.persistent.heapbeacon")
)]
static MEMORY: Memory = Memory::new();

pub(crate) static BLACK_BOX: BlackBox<Lock> = BlackBox::new(&MEMORY);

/// Finds out how the boot before has ended, and keeps what is left of this one.
pub(crate) fn begin() {
    BLACK_BOX.begin(
        reset_reason(Cpu::ProCpu).map_or(Reset::Ended(Reason::Unknown), |reason| {
            reset_of(reason as usize)
        }),
    );
}

/// Returns what a reset was by its number in the chip's reference manual, which means the same on every chip. ESP-IDF feeds
/// the first timer group's watchdog by tasks, and the second one's by interrupts.
fn reset_of(number: usize) -> Reset {
    Reset::Ended(match number {
        0x01 => return Reset::PowerOn,
        0x07 | 0x0b => Reason::TaskWatchdog,
        0x08 | 0x11 => Reason::InterruptWatchdog,
        0x09 | 0x0d | 0x10 | 0x12 => Reason::Watchdog,
        0x0f => Reason::BrownOut,
        0x05 | 0x15 | 0x16 => Reason::Requested,
        0x03 | 0x0c => Reason::Unknown,
        _ => Reason::Fault,
    })
}
