//! The lock of heap and tracer.

use std::sync::atomic::{AtomicBool, Ordering};

use embassy_sync::blocking_mutex::raw::RawMutex;

/// Spins, and gives the processor away while it does: the holder may have been preempted.
///
/// It is taken inside the allocator, so unlike `std::sync::Mutex` in some of its paths it must
/// not allocate, panic or look at thread-locals with destructors. It can't be taken twice by one
/// thread.
#[derive(Debug)]
pub struct SpinLock(AtomicBool);

/// Opens the lock when it goes, also by a panic.
struct Open<'l>(&'l AtomicBool);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

// SAFETY: between the successful exchange and the drop of `Open` no other exchange succeeds.
unsafe impl RawMutex for SpinLock {
    const INIT: Self = Self(AtomicBool::new(false));

    #[inline(always)]
    fn lock<R>(&self, work: impl FnOnce() -> R) -> R {
        let exchange = || {
            self.0
                .compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed)
        };
        while exchange().is_err() {
            std::thread::yield_now();
        }
        let _open = Open(&self.0);
        work()
    }
}
