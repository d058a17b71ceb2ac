//! An ESP32 as a board.

use core::ops::Range;

use esp_hal::time::Instant;
use esp_hal::timer::systimer::{SystemTimer, Unit};
use heapbeacon::cost::CostMeter;
use heapbeacon::marks::Marks;
use heapbeacon::platform::{Context, Platform};
use heapbeacon::tracer::{CallStack, Tracer};
use heapbeacon_embassy::Lock;
use heapbeacon_shared::api::CostUnit;

use crate::{stack, thread};

static TRACER: Tracer<Lock> = Tracer::new();
static COST: CostMeter = CostMeter::new();
static MARKS: Marks<Lock> = Marks::new();

/// An ESP32 that runs esp-hal.
#[derive(Debug)]
pub enum Board {}

heapbeacon::marks_of!(Board);

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

    #[cfg(feature = "http")]
    fn left(with_largest: bool) -> Option<heapbeacon_shared::trace::Left> {
        Some(heapbeacon_esp_alloc::left(with_largest))
    }

    #[cfg(feature = "http")]
    fn reserve() -> Option<&'static heapbeacon::reserve::Reserve<Lock>> {
        Some(&heapbeacon_esp_alloc::RESERVE)
    }

    #[cfg(feature = "postmortem")]
    fn black_box() -> Option<&'static heapbeacon::postmortem::BlackBox<Lock>> {
        Some(&crate::keep::BLACK_BOX)
    }

    fn is_interrupt_safe(memory: Range<usize>) -> bool {
        let ram = stack::internal_ram();
        ram.start <= memory.start && memory.end <= ram.end
    }
}
