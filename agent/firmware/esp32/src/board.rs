//! An ESP32 as a board.

use core::ops::Range;

use esp_hal::time::Instant;
use esp_hal::timer::systimer::{SystemTimer, Unit};
use heapbeacon::cost::CostMeter;
use heapbeacon::platform::{Context, Device, Platform, Switch, Task};
use heapbeacon::reserve::Reserve;
use heapbeacon::tracer::{CallStack, RingSink, Tracer};
use heapbeacon_embassy::Lock;
use heapbeacon_shared::api::{self, CostUnit};
use heapbeacon_shared::trace::{Cut, Region, Window};

use crate::setup::SETUP;
use crate::{device, stack, thread};

/// Events that to-host mode keeps until they are fetched.
const EVENTS: usize = 6;

static TRACER: Tracer<Lock> = Tracer::new();
static COST: CostMeter = CostMeter::new();

/// Where events go in to-host mode.
pub(crate) static EVENTS_TO_HOST: RingSink<Lock, EVENTS> = RingSink::new();

/// An ESP32 that runs esp-hal.
#[derive(Debug)]
pub enum Board {}

impl Platform for Board {
    type Lock = Lock;

    fn tracer() -> &'static Tracer<Lock> {
        &TRACER
    }

    fn cost() -> &'static CostMeter {
        &COST
    }

    #[inline(always)]
    fn now_us() -> u64 {
        Instant::now().duration_since_epoch().as_micros()
    }

    #[inline(always)]
    fn context() -> Context {
        Context {
            core: 0,
            task: thread::task(),
        }
    }

    #[inline(always)]
    fn call_stack(frame: usize, call_stack: &mut CallStack) {
        stack::walk(frame, call_stack);
    }

    /// In steps of 62.5, which average out.
    fn clock() -> u32 {
        (SystemTimer::unit_value(Unit::Unit0) * 125 / 2) as u32
    }

    const COST_UNIT: CostUnit = CostUnit::Nanoseconds;

    fn reserve() -> Option<&'static Reserve<Lock>> {
        Some(&heapbeacon_esp_alloc::RESERVE)
    }

    fn is_interrupt_safe(memory: Range<usize>) -> bool {
        let ram = stack::internal_ram();
        ram.start <= memory.start && memory.end <= ram.end
    }
}

impl Device for Board {
    fn task(id: u16) -> Option<Task> {
        thread::describe(id)
    }

    fn opaque(address: u64) -> Option<Cut> {
        stack::opaque(address)
    }

    fn describe() -> api::Device {
        device::describe(SETUP.try_get())
    }

    fn regions(window: Option<Window>) -> heapless::Vec<Region, 4> {
        heapbeacon_esp_alloc::regions(window, stack::region_name)
    }

    fn switches() -> &'static [&'static dyn Switch] {
        SETUP.try_get().map_or(&[], |setup| setup.config.switches)
    }
}
