//! QEMU's machine `virt` as a board.

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use heapbeacon::cost::CostMeter;
use heapbeacon::field::settings::Store;
use heapbeacon::field::update::Update;
use heapbeacon::history::History;
use heapbeacon::marks::Marks;
use heapbeacon::memory::{Area, addresses};
use heapbeacon::platform::{Context, Device, Platform, Switch, Task};
use heapbeacon::postmortem::BlackBox;
use heapbeacon::reserve::Reserve;
use heapbeacon::symbols::{self, flash::Part};
use heapbeacon::tracer::{Buffer, CallStack, EventRing, Tracer};
use heapbeacon_demo::OFFERED;
use heapbeacon_embassy::server::{self, PORT};
use heapbeacon_embassy::{Lock, image, network, restart, tasks};
use heapbeacon_shared::api::{self, CostUnit};
use heapbeacon_shared::trace::{Cut, Left, Origin, Region, Window, name};
use static_cell::ConstStaticCell;

use crate::crash::{EXHAUSTION, PANIC};
use crate::storm::STORM;
use crate::ways::MANY_STACKS;
use crate::{clock, flash, heap, interrupts, keep, stack, update};

/// Words of the record buffer: about 1,580 records and 395 call stacks.
const BUFFER_WORDS: usize = 12 * 1024;
/// Bytes of the image for names of its addresses.
const SYMBOLS_BYTES: usize = 352 * 1024;
/// Events that to-host mode keeps until they are read: a viewer may be that far behind.
const EVENTS: usize = 1024;
/// The task that interrupts are: behind those of embassy.
const INTERRUPT: u16 = tasks::TASKS as u16 + 1;

static TRACER: Tracer<Lock> = Tracer::new();
static COST: CostMeter = CostMeter::new();
static HISTORY: History<Lock> = History::new();
static MARKS: Marks<Lock> = Marks::new();
static BUFFER: ConstStaticCell<[MaybeUninit<u64>; BUFFER_WORDS]> =
    ConstStaticCell::new([MaybeUninit::uninit(); BUFFER_WORDS]);
static BOOT_ID: AtomicU32 = AtomicU32::new(0);
/// When it booted, in seconds since the Unix epoch.
static BOOTED_S: AtomicU32 = AtomicU32::new(0);

/// Where events go in to-host mode.
pub static EVENTS_TO_HOST: EventRing<EVENTS> = EventRing::new();

/// Switches of this board's own.
const OWN: [&dyn Switch; 4] = [&STORM, &MANY_STACKS, &PANIC, &EXHAUSTION];

/// What can be switched: the demo's behaviours, and what only this board does.
static SWITCHES: [&dyn Switch; OFFERED.len() + OWN.len()] = {
    let mut switches: [&dyn Switch; OFFERED.len() + OWN.len()] = [&STORM; _];
    let mut index = 0;
    while index < OFFERED.len() {
        switches[index] = OFFERED[index];
        index += 1;
    }
    let mut own = 0;
    while own < OWN.len() {
        switches[index + own] = OWN[own];
        own += 1;
    }
    switches
};

/// QEMU's machine `virt`.
pub enum Board {}

/// Takes the record buffer; it can be taken once.
pub fn take_buffer() -> Option<Buffer> {
    BUFFER.try_take().map(|buffer| &mut buffer[..])
}

/// Sets what differs from boot to boot.
pub fn set_boot_id(boot_id: u32) {
    BOOT_ID.store(boot_id, Relaxed);
    BOOTED_S.store(clock::unix_s(), Relaxed);
}

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
        clock::now_us()
    }

    #[inline(always)]
    fn context() -> Context {
        let task = if interrupts::is_handling() {
            INTERRUPT
        } else {
            tasks::current()
        };
        Context { core: 0, task }
    }

    #[inline(always)]
    fn call_stack(frame: usize, call_stack: &mut CallStack) {
        stack::walk(frame, call_stack);
    }

    /// In steps of 100: that averages out. QEMU counts instructions only if it is asked to.
    fn clock() -> u32 {
        clock::now_ns() as u32
    }

    const COST_UNIT: CostUnit = CostUnit::Nanoseconds;

    fn left(with_largest: bool) -> Option<Left> {
        Some(heap::left(with_largest))
    }

    fn reserve() -> Option<&'static Reserve<Lock>> {
        Some(&heap::RESERVE)
    }

    fn black_box() -> Option<&'static BlackBox<Lock>> {
        keep::black_box()
    }
}

impl Device for Board {
    fn task(id: u16) -> Option<Task> {
        let name = match id {
            INTERRUPT => name("interrupt"),
            _ => tasks::name(id)?,
        };
        let origin = Origin::Application;
        Some(Task { name, origin })
    }

    fn opaque(address: u64) -> Option<Cut> {
        stack::opaque(address)
    }

    fn booted_unix_us() -> Option<u64> {
        Some(u64::from(BOOTED_S.load(Relaxed)) * 1_000_000)
    }

    fn elf() -> Option<&'static [u8]> {
        symbols::held(heapbeacon::symbol_room!(SYMBOLS_BYTES))
    }

    fn symbols() -> Option<&'static dyn Part> {
        Some(flash::symbols())
    }

    fn describe() -> api::Device {
        api::Device {
            name: name("qemu-virt"),
            board: name("qemu-virt"),
            chip: name(update::CHIP),
            chip_revision: None,
            firmware: name(env!("CARGO_PKG_NAME")),
            firmware_version: name(env!("CARGO_PKG_VERSION")),
            build_id: image::build_id(),
            boot_id: BOOT_ID.load(Relaxed),
            reset_reason: name(keep::reset_reason()),
            uptime_us: Self::now_us(),
            network: network::describe("virtio-net", PORT),
            ..api::Device::default()
        }
    }

    fn regions(window: Option<Window>) -> heapless::Vec<Region, 4> {
        heap::regions(window).into_iter().collect()
    }

    fn area(index: usize) -> Option<Area> {
        let roots = heap::AREAS + stack::AREAS;
        match index {
            0..heap::AREAS => heap::area(index),
            _ if index < roots => stack::area(index - heap::AREAS),
            _ if index == roots => Some(Area::own(addresses(&EVENTS_TO_HOST))),
            _ => server::memory(index - roots - 1).map(Area::own),
        }
    }

    fn is_anyone_waiting() -> Option<bool> {
        heapbeacon_embassy::backlog::is_anyone_waiting()
    }

    fn history() -> Option<&'static History<Lock>> {
        Some(&HISTORY)
    }

    fn settings() -> Option<&'static Store<Lock>> {
        flash::settings()
    }

    fn update() -> Option<&'static dyn Update> {
        update::get()
    }

    fn restart() -> bool {
        restart::ask();
        true
    }

    fn is_on_mdns() -> bool {
        cfg!(feature = "mdns")
    }

    fn switches() -> &'static [&'static dyn Switch] {
        &SWITCHES
    }
}
