//! Stand-ins as boards: each has a tracer of its own, and the task that serves one says which it is.

use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::OnceLock;
use std::time::Instant;

use heapbeacon::cost::CostMeter;
use heapbeacon::marks::Marks;
use heapbeacon::memory::addresses;
use heapbeacon::platform::{Context, Device, Platform, Task};
use heapbeacon::postmortem::{self, BlackBox, Memory, Reset};
use heapbeacon::tracer::{CallStack, Error, Mode, Tracer};
use heapbeacon_shared::api::{self, CostUnit, Network};
use heapbeacon_shared::trace::{BuildId, Ending, Name, Origin, Reason, Region, Window, name};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::workload::{Firmware, STEP_US, TASKS, Workload};
use crate::lock::SpinLock;

/// Words of a record buffer: about 340 records and 80 call stacks, more than a leak needs to fill the heap. With fewer, evictions would
/// make its verdict uncertain.
const BUFFER_WORDS: usize = 4096;
/// Seconds that the first of a row of stand-ins has run when the process starts, and that each has run longer than the one before.
const YOUNGEST_S: u64 = 200;
const OLDER_S: u64 = 37;
const AGES: u64 = 6;
/// Why an ESP32 says that it has started, first and after it ran out of memory.
const POWER_ON: &str = "power on";
const PANIC: &str = "software: a panic, or on request";

/// Sockets that each has, as a board does: as many as a browser has connections.
pub(super) const SOCKETS: usize = 5 + VIEWERS;
/// Those of them that may be told of events.
pub(super) const VIEWERS: usize = 1;

static CLOCK: OnceLock<Clock> = OnceLock::new();

/// The clock of the process.
struct Clock {
    started: Instant,
    /// How many times as fast it goes as the one on the wall.
    speed: u32,
}

impl Clock {
    fn new(speed: u32) -> Self {
        Self {
            started: Instant::now(),
            speed,
        }
    }
}

/// Lets the time of all stand-ins begin, which passes so many times as fast as on the wall.
pub(super) fn start_clock(speed: u32) {
    CLOCK.get_or_init(|| Clock::new(speed));
}

tokio::task_local! {
    /// The stand-in that is served.
    static CURRENT: &'static StandIn;
}

/// A process's place for one device.
pub(super) struct StandIn {
    name: Name,
    release: Release,
    address: SocketAddr,
    tracer: &'static Tracer<SpinLock>,
    /// Where its record buffer lies.
    memory: Range<usize>,
    cost: CostMeter,
    marks: Marks<SpinLock>,
    firmware: RefCell<Firmware>,
    /// When it has booted, by the clock of the process.
    booted_us: Cell<u64>,
    boots: Cell<u32>,
    boot_id: u32,
    /// What outlives a boot.
    black_box: BlackBox<SpinLock>,
    /// Whether somebody has asked for a restart.
    is_to_restart: Cell<bool>,
    /// Those that serve no connection.
    sockets: Semaphore,
    is_anyone_waiting: Cell<bool>,
}

/// What firmware a stand-in runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Release {
    version: &'static str,
    workload: Workload,
}

/// Returns what the stand-in of an index runs: of ten, one has the release that leaks; of twenty, one leaks and one fragments with a
/// release that is good elsewhere.
fn release(index: u16) -> Release {
    let (version, workload) = match (index % 10, index % 20) {
        (9, _) => ("1.3.0", Workload::Leaks),
        (_, 4) => ("1.2.0", Workload::Leaks),
        (_, 14) => ("1.2.0", Workload::Fragments),
        (of_ten, _) if of_ten % 3 == 0 => ("1.1.0", Workload::Healthy),
        _ => ("1.2.0", Workload::Healthy),
    };
    Release { version, workload }
}

/// Returns the microseconds of the process's clock, which begins before the oldest of the stand-ins.
fn clock_us() -> u64 {
    let clock = CLOCK.get_or_init(|| Clock::new(1));
    let ran = clock.started.elapsed() * clock.speed;
    ran.as_micros() as u64 + (YOUNGEST_S + OLDER_S * AGES) * STEP_US
}

impl StandIn {
    /// Makes the stand-in of an index, which is reached at an address; it has run for some minutes.
    ///
    /// # Errors
    /// Those of the tracer, such as being compiled out.
    pub(super) fn new(index: u16, address: SocketAddr) -> Result<&'static Self, Error> {
        let age_s = YOUNGEST_S + OLDER_S * (u64::from(index) % AGES);
        let tracer: &'static Tracer<SpinLock> = Box::leak(Box::new(Tracer::new()));
        let buffer = vec![MaybeUninit::uninit(); BUFFER_WORDS].leak();
        let memory = addresses(buffer);
        let taken = tracer.init_standalone(buffer, None);
        taken.map_err(|refused| refused.error)?;
        tracer.start(Mode::Leaks, 0)?;
        let release = release(index);
        let mut called = Name::new();
        // No number is longer than the field.
        let _ = write!(called, "stand-in-{index:03}");
        let stand_in: &'static Self = Box::leak(Box::new(Self {
            name: called,
            release,
            address,
            firmware: RefCell::new(Firmware::boot(release.workload, tracer)),
            tracer,
            memory,
            cost: CostMeter::new(),
            marks: Marks::new(),
            booted_us: Cell::new(clock_us() - age_s * STEP_US),
            boots: Cell::new(1),
            boot_id: std::process::id() << 16 | u32::from(index),
            black_box: BlackBox::new(Box::leak(Box::new(Memory::new()))),
            is_to_restart: Cell::new(false),
            sockets: Semaphore::new(SOCKETS),
            is_anyone_waiting: Cell::new(false),
        }));
        stand_in.black_box.begin(Reset::PowerOn);
        stand_in.catch_up();
        Ok(stand_in)
    }

    /// Returns what it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns where its record buffer lies, which the tracer has.
    pub(super) fn memory(&self) -> Range<usize> {
        self.memory.clone()
    }

    /// Returns where it is reached.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the build id of what it runs, of the usual length.
    pub(super) fn build_id(&self) -> BuildId {
        let bytes = self.release.version.bytes().cycle().take(20);
        BuildId::new(&bytes.collect::<Vec<_>>())
    }

    /// Runs a future for which the [board](Board) is this stand-in.
    pub(super) fn scope<F: Future>(&'static self, future: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, future)
    }

    /// Waits for a socket that serves no connection. There is one task that does.
    pub(super) async fn socket(&self) -> Option<SemaphorePermit<'_>> {
        self.is_anyone_waiting.set(true);
        let socket = self.sockets.acquire().await;
        self.is_anyone_waiting.set(false);
        // They are there for as long as the process is.
        socket.ok()
    }

    /// Takes a socket back. Whoever waited has it then, though the task that lets him in has not come to that yet.
    pub(super) fn give_back(&self, socket: Option<SemaphorePermit<'_>>) {
        drop(socket);
        self.is_anyone_waiting.set(false);
    }

    /// Does what the firmware has done since it was asked last.
    pub(super) fn catch_up(&'static self) {
        if self.is_to_restart.take() {
            self.reboot(Reason::Requested);
        }
        while self.firmware.borrow().time_us() + STEP_US <= self.uptime_us() {
            let goes_on = self.firmware.borrow_mut().step(self.tracer);
            if !goes_on {
                self.reboot(Reason::OutOfMemory);
            }
        }
    }

    /// Has the next boot find how this one ends.
    fn note_end(&'static self, reason: Reason) {
        let region = self.firmware.borrow_mut().heap().region(None);
        CURRENT.sync_scope(self, postmortem::write_ahead::<Board>);
        self.black_box.note(&Ending {
            reason,
            time_us: self.uptime_us(),
            free: Some(region.free),
            largest_free_block: Some(region.largest_free_block),
            ..Ending::default()
        });
        self.black_box.begin(Reset::Ended(reason));
    }

    fn reboot(&'static self, reason: Reason) {
        self.note_end(reason);
        // Other memory does not outlive a boot. Nobody starts a trace meanwhile: all stand-ins are of one thread.
        let buffer = self.tracer.end_boot();
        self.marks.end_boot();
        self.booted_us.set(clock_us());
        self.boots.set(self.boots.get() + 1);
        if let Ok(Some(buffer)) = buffer {
            let taken = self.tracer.init_standalone(buffer, None);
            debug_assert!(taken.is_ok(), "it was taken before");
        }
        // Without a buffer, which somebody may have released, there is no trace.
        let _ = self.tracer.start(Mode::Leaks, 0);
        self.firmware
            .replace(Firmware::boot(self.release.workload, self.tracer));
    }

    fn uptime_us(&self) -> u64 {
        clock_us() - self.booted_us.get()
    }
}

/// The stand-in that is served.
pub(super) enum Board {}

fn current() -> &'static StandIn {
    CURRENT.with(|stand_in| *stand_in)
}

impl Platform for Board {
    type Lock = SpinLock;

    fn tracer() -> &'static Tracer<SpinLock> {
        current().tracer
    }

    fn cost() -> &'static CostMeter {
        &current().cost
    }

    fn marks() -> &'static Marks<SpinLock> {
        &current().marks
    }

    fn black_box() -> Option<&'static BlackBox<SpinLock>> {
        Some(&current().black_box)
    }

    fn now_us() -> u64 {
        current().uptime_us()
    }

    fn context() -> Context {
        Context::default()
    }

    /// Nothing is allocated by way of hooks: each event brings its call stack.
    fn call_stack(_frame: usize, _stack: &mut CallStack) {}

    fn clock() -> u32 {
        (clock_us() * 1000) as u32
    }

    const COST_UNIT: CostUnit = CostUnit::Nanoseconds;
}

impl Device for Board {
    fn task(id: u16) -> Option<Task> {
        let index = usize::from(id).checked_sub(1)?;
        Some(Task {
            name: name(TASKS.get(index)?),
            origin: Origin::Application,
        })
    }

    fn describe() -> api::Device {
        let stand_in = current();
        let boots = stand_in.boots.get();
        let mut network = Network {
            interface: name("process"),
            ..Network::default()
        };
        // The longest IPv6 socket address is shorter than the field.
        let _ = write!(network.address, "{}", stand_in.address);
        api::Device {
            name: stand_in.name.clone(),
            board: name("stand-in"),
            chip: name(std::env::consts::ARCH),
            firmware: name("greenhouse"),
            firmware_version: name(stand_in.release.version),
            build_id: stand_in.build_id(),
            boot_id: stand_in.boot_id.wrapping_add(boots << 24),
            reset_reason: name(if boots > 1 { PANIC } else { POWER_ON }),
            uptime_us: stand_in.uptime_us(),
            network,
            ..api::Device::default()
        }
    }

    fn is_anyone_waiting() -> Option<bool> {
        Some(current().is_anyone_waiting.get())
    }

    /// It does so at its next step, when the answer is on its way.
    fn restart() -> bool {
        current().is_to_restart.set(true);
        true
    }

    fn regions(window: Option<Window>) -> heapless::Vec<Region, 4> {
        let region = current().firmware.borrow_mut().heap().region(window);
        [region].into_iter().collect()
    }
}

#[cfg(all(test, feature = "tracing"))]
mod tests {
    use super::*;
    use heapbeacon::postmortem::Outcome;
    use heapbeacon_shared::trace::{State, Summary};

    /// Runs a firmware until it ends, or for two hours; returns for how many seconds it did, and what was counted.
    fn run(workload: Workload) -> (u64, Summary) {
        let tracer = Tracer::new();
        let buffer = vec![MaybeUninit::uninit(); BUFFER_WORDS].leak();
        assert!(tracer.init_standalone(buffer, None).is_ok());
        tracer.start(Mode::Leaks, 0).expect("it has a buffer");
        let mut firmware = Firmware::boot(workload, &tracer);
        let steps = (1..7200).find(|_| !firmware.step(&tracer));
        (steps.unwrap_or(7200), tracer.summary())
    }

    #[test]
    fn time_begins_anew_with_a_boot_and_so_do_trace_and_marks() {
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        let stand_in = StandIn::new(9, address).expect("it traces");
        let before = stand_in.tracer.status();
        let now_us = || stand_in.tracer.now_us(stand_in.uptime_us());
        assert!(now_us() >= YOUNGEST_S * STEP_US);
        stand_in.marks.add("after login", now_us(), 1);
        stand_in.reboot(Reason::OutOfMemory);
        assert_eq!(stand_in.marks.after(0), None);
        assert_eq!(stand_in.marks.add("again", 0, 2).id, 1);
        let after = stand_in.tracer.status();
        assert!(now_us() < YOUNGEST_S * STEP_US);
        assert_ne!(after.trace, before.trace);
        assert_eq!(after.summary.state, State::Recording);
        assert!(after.summary.total_allocations < before.summary.total_allocations);
        assert_eq!(after.summary.capacity, before.summary.capacity);
    }

    #[test]
    fn each_boot_knows_why_the_one_before_has_ended_and_how_often_that_was() {
        let address = SocketAddr::from(([127, 0, 0, 1], 80));
        let stand_in = StandIn::new(9, address).expect("it traces");
        let told = || {
            let endings = stand_in.black_box.endings().expect("it has begun");
            let of = |reason| endings[reason as usize];
            let counts = [Reason::OutOfMemory, Reason::Requested].map(of);
            (stand_in.black_box.before(), counts)
        };
        assert_eq!(told(), (None, [0, 0]));
        for times in 1..=2 {
            stand_in.reboot(Reason::OutOfMemory);
            assert_eq!(told(), (Some(Reason::OutOfMemory), [times, times - 1]));
            assert!(CURRENT.sync_scope(stand_in, Board::restart));
            stand_in.catch_up();
            assert_eq!(told(), (Some(Reason::Requested), [times, times]));
        }
        assert_eq!(stand_in.black_box.outcome(), Outcome::Found);
    }

    #[test]
    fn what_leaks_ends_with_a_full_heap_of_which_each_block_is_known() {
        let (seconds, summary) = run(Workload::Leaks);
        assert!((700..1500).contains(&seconds), "{seconds}");
        assert_eq!((summary.failed_allocations, summary.evicted_live), (1, 0));
    }

    #[test]
    fn what_does_not_leak_goes_on_and_asks_in_vain_only_where_its_heap_is_in_pieces() {
        let (seconds, summary) = run(Workload::Healthy);
        assert_eq!((seconds, summary.failed_allocations), (7200, 0));
        let (seconds, summary) = run(Workload::Fragments);
        assert_eq!(seconds, 7200);
        assert!(summary.failed_allocations > 700, "{summary:?}");
    }
}
