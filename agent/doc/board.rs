use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use heapbeacon::cost::CostMeter;
use heapbeacon::marks::Marks;
use heapbeacon::platform::{Context, Device, Platform, Task};
use heapbeacon::tracer::{CallStack, Tracer};
use heapbeacon_shared::api::{self, CostUnit};
use heapbeacon_shared::trace::{Region, Window};

static TRACER: Tracer<CriticalSectionRawMutex> = Tracer::new();
static COST: CostMeter = CostMeter::new();
static MARKS: Marks<CriticalSectionRawMutex> = Marks::new();
/// Stands for a timer of the chip: it is a microsecond later at each look.
static TIMER: AtomicU64 = AtomicU64::new(0);

enum Board {}

impl Platform for Board {
    type Lock = CriticalSectionRawMutex;
    const COST_UNIT: CostUnit = CostUnit::Nanoseconds;

    fn tracer() -> &'static Tracer<CriticalSectionRawMutex> {
        &TRACER
    }

    fn cost() -> &'static CostMeter {
        &COST
    }

    fn marks() -> &'static Marks<CriticalSectionRawMutex> {
        &MARKS
    }

    fn now_us() -> u64 {
        TIMER.fetch_add(1, Relaxed)
    }

    fn clock() -> u32 {
        TIMER.load(Relaxed) as u32 * 1000
    }

    fn context() -> Context {
        Context { core: 0, task: 0 }
    }

    fn call_stack(_frame: usize, _stack: &mut CallStack) {
        // `heapbeacon::walk` does this, once it is told where stacks and code lie.
    }
}

impl Device for Board {
    fn task(_id: u16) -> Option<Task> {
        None
    }

    fn describe() -> api::Device {
        api::Device::default()
    }

    fn regions(_window: Option<Window>) -> heapless::Vec<Region, 4> {
        heapless::Vec::new()
    }
}
