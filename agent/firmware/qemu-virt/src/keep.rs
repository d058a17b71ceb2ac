//! What outlives a reset of the machine.

use core::ptr::with_exposed_provenance;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use embassy_sync::once_lock::OnceLock;
use heapbeacon::postmortem::{BlackBox, Memory, Reset};
use heapbeacon_embassy::Lock;
use heapbeacon_shared::trace::Reason;

/// Behind all memory of the program, where a reset leaves everything as it is. QEMU loads the ELF anew then, and clears what that
/// has without content; so this is none of its sections.
const MEMORY: usize = 0x80c0_0000;

static WAS_RESET: AtomicBool = AtomicBool::new(false);
static BLACK_BOX: OnceLock<BlackBox<Lock>> = OnceLock::new();

/// Finds out how the boot before has ended, and keeps what is left of this one.
pub fn begin() {
    // SAFETY: with `-m 16M` this is RAM that nobody else uses, and any bits in it are a value.
    let memory = unsafe { &*with_exposed_provenance::<Memory>(MEMORY) };
    // The machine has no register that says why it was reset.
    let was_reset = !memory.is_blank();
    WAS_RESET.store(was_reset, Relaxed);
    let reset = match was_reset {
        true => Reset::Ended(Reason::Unknown),
        false => Reset::PowerOn,
    };
    BLACK_BOX.get_or_init(|| BlackBox::new(memory)).begin(reset);
}

/// Returns why the machine began to run.
pub(crate) fn reset_reason() -> &'static str {
    match WAS_RESET.load(Relaxed) {
        true => "reset",
        false => "power on",
    }
}

/// Returns what keeps that; none in a program that has not begun.
pub(crate) fn black_box() -> Option<&'static BlackBox<Lock>> {
    BLACK_BOX.try_get()
}
