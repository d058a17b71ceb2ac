//! Call stacks of an ESP32: of its main thread, of the Wi-Fi driver's threads, and of interrupts, which use the stack
//! of whom they interrupt.

use core::ops::Range;

use heapbeacon::tracer::CallStack;
use heapbeacon::walk::{self, Bounds, frame_pointer};
use heapbeacon_shared::trace::Cut;

/// Code in the chip's ROM: parts of the Wi-Fi driver, and of the C library for it. The largest of all chips', the C2's.
const ROM: Range<usize> = 0x4000_0000..0x4009_0000;

/// Where the RAM for data ends.
#[cfg(feature = "http")]
const RAM_END: usize = if cfg!(any(feature = "esp32c2", feature = "esp32c3")) {
    0x3fce_0000
} else if cfg!(feature = "esp32c5") {
    0x4086_0000
} else if cfg!(feature = "esp32c6") {
    0x4088_0000
} else if cfg!(feature = "esp32c61") {
    0x4085_0000
} else {
    0
};

/// The most that is looked at of the stack of a thread that is not the main one, in bytes: more than any of the driver's
/// has. esp-rtos does not say where such a stack ends; a chain that rises through code ends there by itself.
const THREAD_STACK: usize = 16 * 1024;

unsafe extern "C" {
    // Of esp-hal's linker scripts: entries of traps, code in fast memory, the main thread's stack, and the RAM for data.
    static _trap_section_origin: u8;
    static _rwtext_start: u8;
    static _stack_end_cpu0: u8;
    static _stack_start_cpu0: u8;
    static _dram_data_start: u8;
    #[cfg(feature = "http")]
    static _rtc_fast_data_start: u8;
    #[cfg(feature = "http")]
    static _rtc_fast_persistent_end: u8;
    // Of `sections.x`, which explains them.
    static __heapbeacon_code_start: u8;
    static __heapbeacon_code_end: u8;
    static __heapbeacon_driver_start: u8;
    static __heapbeacon_driver_end: u8;
    static __heapbeacon_driver_iram_start: u8;
    static __heapbeacon_driver_iram_end: u8;
    static __heapbeacon_ram_end: u8;
}

/// Returns the addresses between two symbols of the linker.
macro_rules! between {
    ($start:ident, $end:ident) => {
        (&raw const $start).addr()..(&raw const $end).addr()
    };
}

/// Pushes the return addresses of the running call stack from `frame` on.
#[inline(always)]
pub(crate) fn walk(frame: usize, stack: &mut CallStack) {
    let bounds = Bounds {
        stack: stack_of(frame),
        code: [
            between!(__heapbeacon_code_start, __heapbeacon_code_end),
            between!(_rwtext_start, __heapbeacon_driver_iram_start),
        ],
        is_opaque: |address| opaque(address as u64).is_some(),
        load_address: 0,
    };
    // SAFETY: all of the RAM may be read, and the bounds are inside.
    unsafe { walk::walk(frame, &bounds, stack) };
}

/// Returns why nothing is known beyond an address of code.
pub(crate) fn opaque(address: u64) -> Option<Cut> {
    let address = usize::try_from(address).ok()?;
    let is_driver = between!(__heapbeacon_driver_start, __heapbeacon_driver_end).contains(&address)
        || between!(__heapbeacon_driver_iram_start, __heapbeacon_driver_iram_end)
            .contains(&address)
        || ROM.contains(&address);
    if is_driver {
        return Some(Cut::Driver);
    }
    between!(_trap_section_origin, _rwtext_start)
        .contains(&address)
        .then_some(Cut::Interrupt)
}

/// Returns the RAM of the chip itself, as far as it holds data.
pub(crate) fn internal_ram() -> Range<usize> {
    between!(_dram_data_start, __heapbeacon_ram_end)
}

/// Memory of the real-time clock, on every chip that has some that holds data (`soc.h` of ESP-IDF); a firmware may have a heap there.
#[cfg(feature = "http")]
const RTC_RAM: Range<usize> = 0x5000_0000..0x5001_0000;

/// Checks whether memory is the chip's own.
#[cfg(feature = "http")]
pub(crate) fn is_on_chip(address: usize) -> bool {
    internal_ram().contains(&address) || RTC_RAM.contains(&address)
}

/// Returns the stack of the main thread.
#[inline(always)]
pub(crate) fn main_stack() -> Range<usize> {
    between!(_stack_end_cpu0, _stack_start_cpu0)
}

/// Returns where variables are: all RAM for data before the main thread's stack.
#[cfg(feature = "http")]
pub(crate) fn statics() -> Range<usize> {
    between!(_dram_data_start, _stack_end_cpu0)
}

/// Returns where variables are in the memory that keeps its contents in deep sleep; nowhere on a chip without it.
#[cfg(feature = "http")]
pub(crate) fn rtc_fast() -> Range<usize> {
    between!(_rtc_fast_data_start, _rtc_fast_persistent_end)
}

/// Returns the RAM behind everything that is linked: there the functions in ROM, parts of the Wi-Fi driver among them, have
/// their variables. None where the end of the RAM is not known.
#[cfg(feature = "http")]
pub(crate) fn rom_data() -> Range<usize> {
    let start = (&raw const __heapbeacon_ram_end).addr();
    start..RAM_END.max(start)
}

/// Returns what the heap region that begins at `start` is called: what lies behind the main thread's stack is the
/// bootloader's memory, which is reclaimed, and what is not on the chip is beside it.
#[cfg(feature = "http")]
pub(crate) fn region_name(start: usize) -> &'static str {
    if !is_on_chip(start) {
        "psram"
    } else if RTC_RAM.contains(&start) {
        "rtc"
    } else if start < main_stack().end {
        "internal"
    } else {
        "reclaimed"
    }
}

/// Checks whether the main thread runs: it, or an interrupt of it.
#[inline(always)]
pub(crate) fn is_main() -> bool {
    main_stack().contains(&frame_pointer())
}

/// Returns what is known of the stack that a frame lies in, from that frame on.
#[inline(always)]
fn stack_of(frame: usize) -> Range<usize> {
    let main = main_stack();
    if main.contains(&frame) {
        return main;
    }
    let ram = internal_ram();
    let start = frame.saturating_sub(size_of::<[usize; 2]>());
    ram.start.max(start)..ram.end.min(start.saturating_add(THREAD_STACK))
}
