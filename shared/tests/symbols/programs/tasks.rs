//! Statics as embassy's macro makes them of tasks, for RISC-V without an operating system.
#![no_std]
#![no_main]

use core::cell::UnsafeCell;
use core::hint::black_box;

#[repr(C)]
struct Holder<const SIZE: usize>(UnsafeCell<[u8; SIZE]>);

unsafe impl<const SIZE: usize> Sync for Holder<SIZE> {}

impl<const SIZE: usize> Holder<SIZE> {
    const fn new() -> Self {
        Self(UnsafeCell::new([0; SIZE]))
    }
}

#[inline(never)]
fn spawn<F, const TASKS: usize>(future: F) -> usize {
    black_box((future, TASKS));
    TASKS
}

#[inline(never)]
fn other<F, T>(future: F, further: T) {
    black_box((future, further));
}

mod net {
    fn __serve_task() -> impl core::future::Future {
        async fn __serve_task_inner_function() {}
        __serve_task_inner_function()
    }

    pub fn serve() -> *mut u8 {
        super::black_box(super::other(__serve_task(), ()));
        super::black_box(super::spawn::<_, 3>(__serve_task()));
        static POOL: super::Holder<96> = super::Holder::new();
        POOL.0.get().cast()
    }
}

fn blink() -> *mut u8 {
    static POOL: Holder<40> = Holder::new();
    POOL.0.get().cast()
}

fn __embassy_main() -> *mut u8 {
    static POOL: Holder<48> = Holder::new();
    POOL.0.get().cast()
}

mod by_hand {
    pub static STORAGE: super::Holder<56> = super::Holder::new();
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() {
    for storage in [net::serve(), blink(), __embassy_main(), by_hand::STORAGE.0.get().cast()] {
        black_box(storage);
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
