//! Functions with the names that C++ would have given them, for RISC-V without an operating system.
#![no_std]
#![no_main]

use core::hint::black_box;

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> u32 {
    call(1) + less(2) + shift(3) + constructor(4) + hidden(5) + lambda(6) + as_double(7)
}

macro_rules! functions {
    ($($name:ident = $symbol:literal, $factor:literal;)*) => {
        $(
            #[inline(never)]
            #[unsafe(export_name = $symbol)]
            pub extern "C" fn $name(value: u32) -> u32 {
                black_box(value) * $factor
            }
        )*
    };
}

functions! {
    call = "_ZN5probe3boxIiEclEi", 3;
    less = "_ZNK5probe3boxIiEltERKS1_", 5;
    shift = "_ZN5probe3boxIiElsEi", 7;
    constructor = "_ZN5probe3boxIiEC2Ei", 11;
    hidden = "_ZN5probe12_GLOBAL__N_16hiddenEi", 13;
    lambda = "_ZZN5probe4mainEvENKUliE_clEi", 17;
    as_double = "_ZN5probe3boxIiE2asIdEET_S3_", 19;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
