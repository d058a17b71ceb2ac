//! The lock of the tracer, on every chip that has a critical section.

use critical_section::RestoreState;
use embassy_sync::blocking_mutex::raw::RawMutex;

/// A critical section, always part of the code that takes it.
///
/// What `embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex` does; but where code is to be small, that
/// one becomes a function, and the hooks of the heap pay for the call with a fifth of their time.
#[derive(Debug)]
pub struct Lock;

/// Ends the critical section when it goes.
struct Held(RestoreState);

impl Drop for Held {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the state of the one acquisition that this value stands for; they nest.
        unsafe { critical_section::release(self.0) }
    }
}

// SAFETY: between the two ends of a critical section nobody else runs, on any core.
unsafe impl RawMutex for Lock {
    const INIT: Self = Self;

    #[inline(always)]
    fn lock<R>(&self, work: impl FnOnce() -> R) -> R {
        // SAFETY: `Held` releases it.
        let _held = Held(unsafe { critical_section::acquire() });
        work()
    }
}
