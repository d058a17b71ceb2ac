//! Functions that are alike, so that a linker may keep the code of one of them: for RISC-V, without
//! an operating system.
#![no_std]
#![no_main]

use core::hint::black_box;

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> u32 {
    first::add(black_box(4)) + second::sum(black_box(5)) + alone(black_box(6))
}

mod second {
    use core::hint::black_box;

    #[inline(never)]
    pub fn sum(value: u32) -> u32 {
        let mut all = 0;
        for part in 0..black_box(value) {
            all += super::helper(part); // a line of `sum`
        }
        all
    }
}

mod first {
    use core::hint::black_box;

    #[inline(never)]
    pub fn add(value: u32) -> u32 {
        let mut all = 0;
        for part in 0..black_box(value) {
            all += super::helper(part); // a line of `add`
        }
        all
    }
}

#[inline(never)]
fn alone(value: u32) -> u32 {
    helper(value) ^ 77
}

#[inline(never)]
fn helper(value: u32) -> u32 {
    black_box(value) * 3
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
