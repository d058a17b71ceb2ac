//! A program without an operating system, for ELF32 on RISC-V.
#![no_std]
#![no_main]

use core::hint::black_box;

#[inline(always)]
fn inlined(value: u32) -> u32 {
    black_box(value) * 3
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> u32 {
    inlined(black_box(4)) + device::open(black_box(5))
}

mod device {
    #[inline(never)]
    pub fn open(handle: u32) -> u32 {
        core::hint::black_box(handle) + 1
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
