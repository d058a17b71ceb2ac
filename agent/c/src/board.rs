//! A firmware in C as a board.

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon::cost::CostMeter;
use heapbeacon::marks::Marks;
use heapbeacon::platform::{Context, Platform};
use heapbeacon::tracer::{CallStack, Tracer};
use heapbeacon::walk::{self, Bounds};
use heapbeacon_shared::api::CostUnit;

use crate::port;

static TRACER: Tracer<Lock> = Tracer::new();
static COST: CostMeter = CostMeter::new();
static MARKS: Marks<Lock> = Marks::new();

/// The port's lock.
pub(crate) struct Lock;

/// Opens the lock when it goes, also by a panic.
struct Open(usize);

impl Drop for Open {
    fn drop(&mut self) {
        port::heapbeacon_port_unlock(self.0);
    }
}

// SAFETY: the port promises that nobody else comes in before it is unlocked.
unsafe impl RawMutex for Lock {
    const INIT: Self = Self;

    #[inline(always)]
    fn lock<R>(&self, work: impl FnOnce() -> R) -> R {
        let _open = Open(port::heapbeacon_port_lock());
        work()
    }
}

/// The firmware.
pub(crate) enum Board {}

impl Platform for Board {
    type Lock = Lock;

    fn tracer() -> &'static Tracer<Lock> {
        &TRACER
    }

    fn cost() -> &'static CostMeter {
        &COST
    }

    fn marks() -> &'static Marks<Lock> {
        &MARKS
    }

    fn now_us() -> u64 {
        port::heapbeacon_port_time_us()
    }

    /// The records of C have no task.
    fn context() -> Context {
        Context {
            core: port::heapbeacon_port_core(),
            task: 0,
        }
    }

    #[inline(always)]
    fn call_stack(frame: usize, stack: &mut CallStack) {
        let port::Bounds {
            stack: memory,
            code,
            load_address,
        } = port::bounds();
        let bounds = Bounds {
            stack: memory.into(),
            code: code.map(Into::into),
            is_opaque: |_| false,
            load_address,
        };
        // SAFETY: the port promises that its stack can be read.
        unsafe { walk::walk(frame, &bounds, stack) };
    }

    fn clock() -> u32 {
        (port::heapbeacon_port_time_us() as u32).wrapping_mul(1000)
    }

    const COST_UNIT: CostUnit = CostUnit::Nanoseconds;
}
