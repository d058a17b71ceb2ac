//! Interrupts: the timer's, and those of devices through the PLIC.

use core::cell::Cell;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;

use riscv::interrupt::Interrupt;
use riscv::register::mie;
use riscv_rt::core_interrupt;

use crate::clock;
use crate::mmio::Register;

/// Where `virt` has its PLIC; the rest is as in the RISC-V PLIC specification, "Memory Map".
const PLIC: usize = 0x0c00_0000;
// SAFETY: context 0 is machine mode on hart 0.
const THRESHOLD: Register<u32> = unsafe { Register::new(PLIC + 0x20_0000) };
// SAFETY: as above.
const CLAIM: Register<u32> = unsafe { Register::new(PLIC + 0x20_0004) };
// SAFETY: as above; sources 0 to 31.
const ENABLE: Register<u32> = unsafe { Register::new(PLIC + 0x2000) };

// SAFETY: the CLINT's software interrupt of hart 0.
const SOFTWARE: Register<u32> = unsafe { Register::new(0x0200_0000) };

/// Whether an interrupt is being handled. They do not nest.
static HANDLING: AtomicBool = AtomicBool::new(false);

/// Handles the interrupt of the one device that has one.
static DEVICE: Mutex<CriticalSectionRawMutex, Cell<fn()>> = Mutex::new(Cell::new(|| {}));

/// Checks whether the code that asks handles an interrupt.
#[inline(always)]
pub fn is_handling() -> bool {
    HANDLING.load(Relaxed)
}

/// Lets interrupts in.
pub fn start() {
    clock::start();
    THRESHOLD.write(0);
    // SAFETY: both have a handler below.
    unsafe { mie::set_mtimer() };
    // SAFETY: as above.
    unsafe { mie::set_mext() };
    // SAFETY: no critical section is held.
    unsafe { riscv::interrupt::enable() };
}

/// Lets the interrupt of the device in, whose source is below 32, for `handler` to handle.
pub(crate) fn enable(source: u32, handler: fn()) {
    DEVICE.lock(|device| device.set(handler));
    // SAFETY: the priority of a source, a word each.
    let priority = unsafe { Register::<u32>::new(PLIC + 4 * source as usize) };
    priority.write(1);
    ENABLE.write(ENABLE.read() | 1 << source);
}

/// Raises the software interrupt; its handler is the program's.
pub fn raise() {
    SOFTWARE.write(1);
}

/// Checks whether the software interrupt waits to be handled.
pub fn is_raised() -> bool {
    SOFTWARE.read() != 0
}

/// Ends the software interrupt.
pub fn clear() {
    SOFTWARE.write(0);
}

/// Notes that an interrupt is being handled while `work` is done.
pub fn handle(work: impl FnOnce()) {
    HANDLING.store(true, Relaxed);
    work();
    HANDLING.store(false, Relaxed);
}

#[core_interrupt(Interrupt::MachineTimer)]
fn timer() {
    handle(clock::ring);
}

#[core_interrupt(Interrupt::MachineExternal)]
fn device() {
    handle(|| {
        let source = CLAIM.read();
        DEVICE.lock(Cell::get)();
        CLAIM.write(source);
    });
}
