//! This process as a board.

use std::fmt::Write;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use embedded_storage::nor_flash::NorFlash;
use heapbeacon::cost::CostMeter;
use heapbeacon::field::flash::FlashStorage;
use heapbeacon::field::provisioning::Portal;
use heapbeacon::field::settings::Store;
use heapbeacon::field::update::Update;
use heapbeacon::history::History;
use heapbeacon::marks::Marks;
use heapbeacon::memory::{Area, addresses};
use heapbeacon::platform::{Context, Device, Functions, Platform, ScanGuard, Switch, Task};
use heapbeacon::postmortem::{BlackBox, Memory, Reset};
use heapbeacon::tracer::{Buffer, CallStack, EventRing, Tracer};
use heapbeacon_shared::api::{self, CostUnit, Network};
use heapbeacon_shared::trace::{BuildId, Left, Name, Region, Settings, Window, name};
use static_cell::ConstStaticCell;

use crate::flash;
use crate::lock::SpinLock;
use crate::{functions, heap, image, roots, stack, tasks, update, workload};

/// Words of the record buffer: about 23,000 records and 2,000 call stacks, which the demo's leak takes an hour to fill.
const BUFFER_WORDS: usize = 256 * 1024;
/// Events that to-host mode keeps until they are read: a viewer may be that far behind.
const EVENTS: usize = 16 * 1024;

static TRACER: Tracer<SpinLock> = Tracer::new();
static COST: CostMeter = CostMeter::new();
static HISTORY: History<SpinLock> = History::new();
static MARKS: Marks<SpinLock> = Marks::new();
/// A process has no memory that outlives it: so nothing is found at its start.
static MEMORY: Memory = Memory::new();
static BLACK_BOX: BlackBox<SpinLock> = BlackBox::new(&MEMORY);
static PORTAL: Portal<SpinLock> = Portal::new("http://192.168.4.1/");
static SETTINGS: OnceLock<Store<SpinLock>> = OnceLock::new();
static BUFFER: ConstStaticCell<[MaybeUninit<u64>; BUFFER_WORDS]> =
    ConstStaticCell::new([MaybeUninit::uninit(); BUFFER_WORDS]);
static STARTED: OnceLock<Instant> = OnceLock::new();
static SETUP: OnceLock<Setup> = OnceLock::new();

/// Where events go in to-host mode.
pub(crate) static EVENTS_TO_HOST: EventRing<EVENTS> = EventRing::new();

/// What is known once the server listens.
struct Setup {
    address: SocketAddr,
    switches: &'static [&'static dyn Switch],
    boot_id: u32,
    booted_unix_us: u64,
}

/// The Linux process.
#[derive(Debug)]
pub enum Board {}

/// Takes the record buffer; it can be taken once.
pub(crate) fn take_buffer() -> Option<Buffer> {
    BUFFER.try_take().map(|buffer| &mut buffer[..])
}

/// Begins to count the time.
pub(crate) fn start_clock() {
    STARTED.get_or_init(Instant::now);
}

/// Keeps settings in a flash chip from now on, and returns them.
pub(crate) fn keep_settings(flash: impl NorFlash + Send + 'static) -> Settings {
    let storage = FlashStorage::<SpinLock, _>::new(flash, flash::SETTINGS);
    let store = SETTINGS.get_or_init(|| Store::new(Box::leak(Box::new(storage))));
    store.begin();
    store.get(Settings::clone)
}

/// Returns what the device is called.
pub(crate) fn called(settings: &Settings) -> Name {
    match settings.name.is_empty() {
        true => host_name(),
        false => settings.name.clone(),
    }
}

/// Sets where the server listens, and whether the demo workload runs.
pub(crate) fn set_up(address: SocketAddr, demo: bool) {
    let switches = if demo { workload::switches() } else { &[] };
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_us = since.map_or(0, |since| since.as_micros() as u64);
    let setup = Setup {
        address,
        switches,
        boot_id: (now_us / 1000) as u32 ^ std::process::id(),
        booted_unix_us: now_us.saturating_sub(Board::now_us()),
    };
    let is_first = SETUP.set(setup).is_ok();
    debug_assert!(is_first, "the server starts once");
    BLACK_BOX.begin(Reset::PowerOn);
}

heapbeacon::marks_of!(Board);

impl Platform for Board {
    type Lock = SpinLock;

    fn tracer() -> &'static Tracer<SpinLock> {
        &TRACER
    }

    fn cost() -> &'static CostMeter {
        &COST
    }

    fn marks() -> &'static Marks<SpinLock> {
        &MARKS
    }

    fn black_box() -> Option<&'static BlackBox<SpinLock>> {
        Some(&BLACK_BOX)
    }

    fn now_us() -> u64 {
        STARTED.get_or_init(Instant::now).elapsed().as_micros() as u64
    }

    fn context() -> Context {
        // SAFETY: takes nothing; a failure is negative.
        let core = unsafe { libc::sched_getcpu() };
        Context {
            core: u8::try_from(core).unwrap_or(0),
            task: tasks::current(),
        }
    }

    fn call_stack(frame: usize, stack: &mut CallStack) {
        stack::walk(frame, stack);
    }

    fn clock() -> u32 {
        STARTED.get_or_init(Instant::now).elapsed().as_nanos() as u32
    }

    const COST_UNIT: CostUnit = CostUnit::Nanoseconds;

    fn left(with_largest: bool) -> Option<Left> {
        Some(heap::left(with_largest))
    }
}

impl Device for Board {
    // A process holds more blocks than a device, and nobody counts the bytes of its answers.
    const SCAN_BYTES: usize = 4 * 1024 * 1024;

    fn task(id: u16) -> Option<Task> {
        tasks::get(id)
    }

    fn describe() -> api::Device {
        let setup = SETUP.get();
        api::Device {
            name: host_name(),
            board: name("host"),
            chip: name(std::env::consts::ARCH),
            chip_revision: None,
            firmware: name(env!("CARGO_PKG_NAME")),
            firmware_version: name(env!("CARGO_PKG_VERSION")),
            build_id: BuildId::new(image::get().map_or(&[], |image| image.build_id)),
            boot_id: setup.map_or(0, |setup| setup.boot_id),
            reset_reason: name("process start"),
            uptime_us: Self::now_us(),
            network: network(setup),
            ..api::Device::default()
        }
    }

    fn booted_unix_us() -> Option<u64> {
        SETUP.get().map(|setup| setup.booted_unix_us)
    }

    fn regions(window: Option<Window>) -> heapless::Vec<Region, 4> {
        heap::regions(window).into_iter().collect()
    }

    fn history() -> Option<&'static History<SpinLock>> {
        Some(&HISTORY)
    }

    fn settings() -> Option<&'static Store<SpinLock>> {
        SETTINGS.get()
    }

    fn elf() -> Option<&'static [u8]> {
        image::file()
    }

    fn functions() -> Option<&'static dyn Functions> {
        functions::get()
    }

    fn area(index: usize) -> Option<Area> {
        roots::area(index, addresses(&EVENTS_TO_HOST))
    }

    fn portal() -> Option<&'static Portal<SpinLock>> {
        Some(&PORTAL)
    }

    fn update() -> Option<&'static dyn Update> {
        update::get()
    }

    fn begin_scan() -> Option<ScanGuard> {
        roots::begin()
    }

    fn switches() -> &'static [&'static dyn Switch] {
        SETUP.get().map_or(&[], |setup| setup.switches)
    }
}

fn host_name() -> Name {
    let mut bytes = [0u8; 64];
    // SAFETY: the buffer is as long as the call is told; the last byte stays zero.
    unsafe { libc::gethostname(bytes.as_mut_ptr().cast(), bytes.len() - 1) };
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    name(std::str::from_utf8(text).unwrap_or("host"))
}

fn network(setup: Option<&Setup>) -> Network {
    let Some(address) = setup.map(|setup| setup.address) else {
        return Network::default();
    };
    let interface = if address.ip().is_loopback() {
        "lo"
    } else {
        "any"
    };
    let mut network = Network {
        interface: name(interface),
        ..Network::default()
    };
    // The longest IPv6 socket address is shorter than the field.
    let _ = write!(network.address, "{address}");
    network
}
