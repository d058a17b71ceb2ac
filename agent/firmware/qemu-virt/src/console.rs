//! The serial console: QEMU's 16550 UART, and the device that ends QEMU.

use core::fmt::{self, Write};
use core::panic::PanicInfo;

use heapbeacon::postmortem::{self, panicked};

use crate::board::Board;
use crate::mmio::Register;

// SAFETY: the transmit register of the UART, on `virt` at 0x1000_0000.
const TRANSMIT: Register<u8> = unsafe { Register::new(0x1000_0000) };
// SAFETY: the test device of `virt`, "sifive_test".
const TEST: Register<u32> = unsafe { Register::new(0x10_0000) };

/// QEMU's exit status after a panic, as that of a Rust program.
const PANICKED: u16 = 101;

/// Prints a line.
#[macro_export]
macro_rules! println {
    ($($text:tt)*) => { $crate::console::print_line(format_args!($($text)*)) };
}

/// Prints a line.
pub fn print_line(text: fmt::Arguments<'_>) {
    postmortem::log::<Board>(text);
    // The UART takes everything.
    let _ = writeln!(Uart, "{text}");
}

/// Ends QEMU with an exit status.
pub fn exit(status: u16) -> ! {
    TEST.write(match status {
        0 => 0x5555,
        status => u32::from(status) << 16 | 0x3333,
    });
    loop {
        riscv::asm::wfi();
    }
}

/// Resets the machine, which leaves its memory as it is.
pub fn reset() -> ! {
    TEST.write(0x7777);
    loop {
        riscv::asm::wfi();
    }
}

struct Uart;

impl Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| TRANSMIT.write(byte));
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    // Programs that keep nothing end here.
    match panicked::<Board>(info) {
        true => reset(),
        false => exit(PANICKED),
    }
}
