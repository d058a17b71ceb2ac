//! Prints, for each kind of caller, the address that a call returns to and the line of the call.
//! Built with frame pointers.

use std::arch::asm;
use std::hint::black_box;

#[inline(never)]
fn return_address() -> usize {
    let frame: *const usize;
    #[cfg(target_arch = "x86_64")]
    unsafe {
        asm!("mov {}, rbp", out(reg) frame)
    };
    #[cfg(target_arch = "aarch64")]
    unsafe {
        asm!("mov {}, x29", out(reg) frame)
    };
    // Both keep the return address above the caller's frame pointer.
    unsafe { *frame.add(1) }
}

fn report(kind: &str, address: usize, line: u32) {
    println!("{kind} {address:x} {line}");
}

#[inline(always)]
fn innermost() {
    report("inlined", return_address(), line!());
}

#[inline(always)]
fn middle() {
    innermost(); // the line of the middle frame
}

#[inline(never)]
fn outermost() {
    middle(); // the line of the outermost frame
    black_box(());
}

mod session {
    #[inline(never)]
    pub fn generic<T>(value: T) {
        super::report("generic", super::return_address(), line!());
        super::black_box(value);
    }
}

#[inline(never)]
fn call(function: &dyn Fn(usize)) {
    function(1);
    black_box(());
}

fn main() {
    outermost();
    session::generic(black_box(1_u32));
    call(&|size| {
        report("closure", return_address(), line!());
        black_box(vec![0_u8; size]);
    });
}
