//! A board without a device.

#[cfg(feature = "tracing")]
use core::mem::MaybeUninit;
use std::boxed::Box;
use std::cell::{Cell, RefCell};
use std::sync::{Mutex, PoisonError};

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::api::{self, CostUnit};
use heapbeacon_shared::trace::{Left, Region, Window};
use heapless::Vec;

use crate::cost::CostMeter;
#[cfg(feature = "provisioning")]
use crate::field::provisioning::Portal;
#[cfg(all(feature = "tracing", feature = "http"))]
use crate::field::settings::Storage;
use crate::field::settings::Store;
#[cfg(feature = "update")]
use crate::field::update::Update;
use crate::history::History;
use crate::marks::Marks;
use crate::memory::Area;
#[cfg(feature = "functions")]
use crate::platform::Functions;
use crate::platform::{Context, Device, Platform, ScanGuard, Task};
use crate::postmortem::BlackBox;
#[cfg(feature = "tracing")]
use crate::postmortem::{Memory, Reset};
#[cfg(feature = "flash")]
use crate::symbols::flash::Part;
#[cfg(feature = "tracing")]
use crate::tracer::Mode;
use crate::tracer::{CallStack, EventRing, Tracer};

/// What a region is called that is outside the chip.
pub(crate) const EXTERNAL: &str = "psram";

static COST: CostMeter = CostMeter::new();
pub(crate) static EVENTS: EventRing<64> = EventRing::new();

std::thread_local! {
    /// Each test has a thread, and so a tracer, for itself.
    static TRACER: &'static Tracer<Interruptible> = Box::leak(Box::new(Tracer::new()));
    static HISTORY: &'static History<Interruptible> = Box::leak(Box::new(History::new()));
    static MARKS: &'static Marks<Interruptible> = Box::leak(Box::new(Marks::new()));
    static INTERRUPT: Cell<Option<Interrupt>> = const { Cell::new(None) };
    /// What this test's board lists for scans, and the blocks that its heap has handed out.
    static AREAS: RefCell<std::vec::Vec<Area>> = const { RefCell::new(std::vec::Vec::new()) };
    static HANDED: Cell<u64> = const { Cell::new(0) };
    static BLACK_BOX: Cell<Option<&'static BlackBox<Interruptible>>> = const { Cell::new(None) };
    #[cfg(feature = "update")]
    static UPDATE: Cell<Option<&'static dyn Update>> = const { Cell::new(None) };
    #[cfg(feature = "provisioning")]
    static PORTAL: Cell<Option<&'static Portal<Interruptible>>> = const { Cell::new(None) };
    static IS_SCANNED: Cell<bool> = const { Cell::new(false) };
    static NAMES: RefCell<Names> = RefCell::default();
    #[cfg(feature = "flash")]
    static SYMBOLS: Cell<Option<&'static dyn Part>> = const { Cell::new(None) };
    #[cfg(feature = "functions")]
    static FUNCTIONS: Cell<Option<&'static dyn Functions>> = const { Cell::new(None) };
    static SETTINGS: Cell<Option<&'static Store<Interruptible>>> = const { Cell::new(None) };
    static NOW_US: Cell<u64> = const { Cell::new(1_000_000) };
    static RESTARTS: Cell<u32> = const { Cell::new(0) };
    static IS_ANYONE_WAITING: Cell<Option<bool>> = const { Cell::new(None) };
}

/// What this test's board calls itself, its regions and its tasks, whose ids begin at 1, whether it says so in its network, and when it has
/// booted.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) device: api::Device,
    pub(crate) regions: std::vec::Vec<Region>,
    pub(crate) tasks: std::vec::Vec<Task>,
    pub(crate) is_on_mdns: bool,
    pub(crate) booted_unix_us: Option<u64>,
}

/// Gives the board names.
#[cfg(all(feature = "tracing", feature = "http"))]
pub(crate) fn call(names: Names) {
    NAMES.set(names);
}

/// What interrupts a thread that takes locks.
struct Interrupt {
    holds_before: usize,
    handler: Box<dyn FnOnce()>,
}

/// Interrupts this thread before it takes a lock, once it has taken it so many times: with one or more, between two holds.
#[cfg(feature = "tracing")]
pub(crate) fn interrupt_before_hold(holds_before: usize, handler: impl FnOnce() + 'static) {
    INTERRUPT.set(Some(Interrupt {
        holds_before,
        handler: Box::new(handler),
    }));
}

/// Checks whether the interrupt has come, and calls it off if not.
#[cfg(feature = "tracing")]
pub(crate) fn was_interrupted() -> bool {
    INTERRUPT.take().is_none()
}

/// Lists memory for scans, of a heap that has handed out so many blocks.
#[cfg(feature = "tracing")]
pub(crate) fn list(areas: std::vec::Vec<Area>, handed: u64) {
    AREAS.set(areas);
    HANDED.set(handed);
}

/// Gives the board what takes new firmware.
#[cfg(all(feature = "update", feature = "http"))]
pub(crate) fn take_updates(update: &'static dyn Update) {
    UPDATE.set(Some(update));
}

/// Says whether somebody waits for a connection, if that can be told.
#[cfg(feature = "http")]
pub(crate) fn let_wait(is_anyone: Option<bool>) {
    IS_ANYONE_WAITING.set(is_anyone);
}

/// Begins a boot with memory that outlives it.
#[cfg(feature = "tracing")]
pub(crate) fn boot(memory: &'static Memory, reset: Reset) -> &'static BlackBox<Interruptible> {
    let black_box = Box::leak(Box::new(BlackBox::new(memory)));
    black_box.begin(reset);
    BLACK_BOX.set(Some(black_box));
    black_box
}

/// Gives the board a part of a flash chip for its names.
#[cfg(all(feature = "flash", feature = "http", feature = "tracing"))]
pub(crate) fn keep_symbols(part: &'static dyn Part) {
    SYMBOLS.set(Some(part));
}

/// Gives the board names of functions.
#[cfg(all(feature = "tracing", feature = "functions"))]
pub(crate) fn know(functions: &'static dyn Functions) {
    FUNCTIONS.set(Some(functions));
}

/// Begins a boot of a board that keeps settings.
#[cfg(all(feature = "tracing", feature = "http"))]
pub(crate) fn keep_settings(storage: &'static dyn Storage) -> &'static Store<Interruptible> {
    let store = Box::leak(Box::new(Store::new(storage)));
    store.begin();
    SETTINGS.set(Some(store));
    store
}

/// Gives the board a portal.
#[cfg(all(feature = "flash", feature = "provisioning", feature = "tracing"))]
pub(crate) fn have_portal() -> &'static Portal<Interruptible> {
    let portal = Box::leak(Box::new(Portal::new("http://192.168.4.1/")));
    PORTAL.set(Some(portal));
    portal
}

/// Sets the clock.
#[cfg(feature = "tracing")]
pub(crate) fn set_clock(now_us: u64) {
    NOW_US.set(now_us);
}

/// Returns how often the board was restarted.
#[cfg(all(feature = "tracing", feature = "http"))]
pub(crate) fn restarts() -> u32 {
    RESTARTS.get()
}

pub(crate) enum Board {}

/// A lock between whose holds an interrupt can be made to come.
pub(crate) struct Interruptible(Mutex<()>);

// SAFETY: the standard library's mutex keeps all other threads out while `work` runs.
unsafe impl RawMutex for Interruptible {
    const INIT: Self = Self(Mutex::new(()));

    fn lock<R>(&self, work: impl FnOnce() -> R) -> R {
        match INTERRUPT.take() {
            Some(interrupt) if interrupt.holds_before == 0 => (interrupt.handler)(),
            Some(mut interrupt) => {
                interrupt.holds_before -= 1;
                INTERRUPT.set(Some(interrupt));
            }
            None => {}
        }
        let _guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work()
    }
}

impl Board {
    /// Lends the tracer a buffer with room for some hundred records, and begins a trace.
    #[cfg(feature = "tracing")]
    pub(crate) fn trace() {
        Self::trace_into(4096);
    }

    /// The same, with so many bytes for records.
    #[cfg(feature = "tracing")]
    pub(crate) fn trace_into(bytes: usize) {
        let buffer = Box::leak(std::vec![MaybeUninit::uninit(); bytes].into_boxed_slice());
        let taken = Self::tracer().init_standalone(buffer, None);
        taken
            .map_err(|refused| refused.error)
            .expect("it is large enough");
        let started = Self::tracer().start(Mode::Leaks, 0);
        started.expect("it was initialised");
    }
}

crate::marks_of!(Board);

impl Platform for Board {
    type Lock = Interruptible;

    fn tracer() -> &'static Tracer<Interruptible> {
        TRACER.with(|tracer| *tracer)
    }

    fn cost() -> &'static CostMeter {
        &COST
    }

    fn marks() -> &'static Marks<Interruptible> {
        MARKS.with(|marks| *marks)
    }

    fn left(with_largest: bool) -> Option<Left> {
        Some(Left {
            free: 700,
            largest_free_block: with_largest.then_some(600),
        })
    }

    fn black_box() -> Option<&'static BlackBox<Interruptible>> {
        BLACK_BOX.get()
    }

    fn now_us() -> u64 {
        NOW_US.get()
    }

    fn context() -> Context {
        Context::default()
    }

    fn call_stack(_frame: usize, _stack: &mut CallStack) {}

    fn clock() -> u32 {
        0
    }

    const COST_UNIT: CostUnit = CostUnit::Instructions;
}

impl Device for Board {
    fn task(id: u16) -> Option<Task> {
        let index = usize::from(id).checked_sub(1)?;
        NAMES.with_borrow(|names| names.tasks.get(index).cloned())
    }

    fn describe() -> api::Device {
        NAMES.with_borrow(|names| names.device.clone())
    }

    fn booted_unix_us() -> Option<u64> {
        NAMES.with_borrow(|names| names.booted_unix_us)
    }

    #[cfg(feature = "provisioning")]
    fn portal() -> Option<&'static Portal<Interruptible>> {
        PORTAL.get()
    }

    #[cfg(feature = "update")]
    fn update() -> Option<&'static dyn Update> {
        UPDATE.get()
    }

    fn is_anyone_waiting() -> Option<bool> {
        IS_ANYONE_WAITING.get()
    }

    fn history() -> Option<&'static History<Interruptible>> {
        HISTORY.with(|history| Some(*history))
    }

    fn is_on_mdns() -> bool {
        NAMES.with_borrow(|names| names.is_on_mdns)
    }

    #[cfg(feature = "flash")]
    fn symbols() -> Option<&'static dyn Part> {
        SYMBOLS.get()
    }

    #[cfg(feature = "functions")]
    fn functions() -> Option<&'static dyn Functions> {
        FUNCTIONS.get()
    }

    fn settings() -> Option<&'static Store<Interruptible>> {
        SETTINGS.get()
    }

    fn restart() -> bool {
        RESTARTS.set(RESTARTS.get() + 1);
        SETTINGS.get().is_some()
    }

    fn is_external(region: &Region) -> bool {
        region.name == EXTERNAL
    }

    fn regions(_window: Option<Window>) -> Vec<Region, 4> {
        let blocks = HANDED.get();
        let region = Region {
            blocks,
            ..Region::default()
        };
        let handed = (blocks > 0).then_some(region);
        NAMES.with_borrow(|names| names.regions.iter().cloned().chain(handed).collect())
    }

    fn area(index: usize) -> Option<Area> {
        AREAS.with_borrow(|areas| areas.get(index).cloned())
    }

    fn begin_scan() -> Option<ScanGuard> {
        let is_free = !IS_SCANNED.replace(true);
        is_free.then_some(ScanGuard::new(|| IS_SCANNED.set(false)))
    }
}
