//! Who runs: an interrupt, a thread of the Wi-Fi driver, or the thread of the executor and which of its tasks.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use esp_hal::interrupt::RunLevel;
#[cfg(feature = "http")]
use heapbeacon::platform::Task;
use heapbeacon_embassy::tasks;
#[cfg(feature = "http")]
use heapbeacon_shared::trace::Origin;

use crate::stack;

/// The task that interrupts are: behind those of embassy.
const INTERRUPT: u16 = tasks::TASKS as u16 + 1;
/// The task that the threads of the Wi-Fi driver are.
const DRIVER: u16 = INTERRUPT + 1;

/// The thread that the executor runs on, once [`remember_executor_thread`] was called; before, that is who runs on the main stack.
static EXECUTOR: AtomicUsize = AtomicUsize::new(0);

/// Notes that the running thread is the executor's.
#[cfg(feature = "http")]
pub(crate) fn remember_executor_thread() {
    EXECUTOR.store(running(), Relaxed);
}

/// Returns the id of the task that runs.
///
/// The run level tells interrupts from critical sections, which keep interrupts out in another way.
#[inline(always)]
pub(crate) fn task() -> u16 {
    if !RunLevel::current().is_thread() {
        return INTERRUPT;
    }
    let is_executor = match EXECUTOR.load(Relaxed) {
        0 => stack::is_main(),
        executor => executor == running(),
    };
    if is_executor {
        tasks::current()
    } else {
        DRIVER
    }
}

/// Describes a task.
#[cfg(feature = "http")]
pub(crate) fn describe(id: u16) -> Option<Task> {
    let (name, origin) = match id {
        INTERRUPT => ("interrupt".try_into().ok()?, Origin::Application),
        DRIVER => ("wifi".try_into().ok()?, Origin::Driver),
        _ => (tasks::name(id)?, Origin::Application),
    };
    Some(Task { name, origin })
}

/// Returns what tells threads apart. esp-rtos keeps the address of the running one in the thread pointer; it also has a
/// function for that, which panics where no thread runs.
#[inline(always)]
#[cfg(target_arch = "riscv32")]
fn running() -> usize {
    let thread: usize;
    // SAFETY: copies a register.
    unsafe {
        core::arch::asm!("mv {}, tp", out(reg) thread, options(nomem, nostack, preserves_flags));
    }
    thread
}

/// Stable Rust has no way to that register.
#[cfg(not(target_arch = "riscv32"))]
fn running() -> usize {
    0
}
