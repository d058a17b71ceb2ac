//! The two traits that a board implements: [`Platform`] for the tracer, [`Device`] for those who read it.
//!
//! Network, time driver and heap have seams of their own in the ecosystem (`picoserve::io::Socket`,
//! `embassy-time-driver`, `GlobalAlloc`); these are only what the tracer needs from inside an
//! allocation, and what the API reports of the device. Implement them for an empty `enum Board {}`.

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::api::{self, CostUnit};
use heapbeacon_shared::trace::{Cut, Left, Name, Origin, Region, Window};
use heapless::Vec;

use crate::black_box::BlackBox;
use crate::cost::CostMeter;
#[cfg(feature = "provisioning")]
use crate::field::provisioning::Portal;
use crate::field::settings::Store;
#[cfg(feature = "update")]
use crate::field::update::Update;
use crate::history::History;
use crate::marks::Marks;
use crate::memory::Area;
use crate::reserve::Reserve;
use crate::symbols::flash::Part;
use crate::tracer::{CallStack, Tracer};

/// What a board does for the tracer.
///
/// Its functions are called from inside the allocator: they may run in an
/// interrupt and inside somebody's critical section, and must not allocate, lock or wait.
///
/// A board with the least that it can have, of this trait and of [`Device`]:
///
/// ```
#[doc = include_str!("../doc/board.rs")]
/// ```
pub trait Platform: Sized + 'static {
    /// Keeps other threads, cores and interrupts out of the tracer.
    type Lock: RawMutex + Sync;

    /// Returns the tracer of this board.
    fn tracer() -> &'static Tracer<Self::Lock>;

    /// Returns the meter of what tracing costs on this board.
    fn cost() -> &'static CostMeter;

    /// Returns the marks of this board.
    fn marks() -> &'static Marks<Self::Lock>;

    /// Returns the microseconds since boot.
    fn now_us() -> u64;

    /// Returns where the code runs that asks.
    fn context() -> Context;

    /// Pushes the return addresses of the running call stack, innermost first, relative to the
    /// image's own addresses.
    ///
    /// It begins with the return address of `frame`, as a [walk](crate::walk) does: those inside of it are
    /// the tracer's and the hook's.
    fn call_stack(frame: usize, stack: &mut CallStack);

    /// Returns a counter that runs while code runs, in units of [`COST_UNIT`](Self::COST_UNIT).
    fn clock() -> u32;

    /// What [`clock`](Self::clock) counts.
    const COST_UNIT: CostUnit;

    /// Returns what of the heap is held back for the moment when an allocation fails, on boards whose network takes
    /// its buffers from the traced heap.
    fn reserve() -> Option<&'static Reserve<Self::Lock>> {
        None
    }

    /// Returns what is left of the heap, as an allocation has failed; its largest free block only if that is asked for.
    ///
    /// It is called where the allocator holds no lock, and may try what the heap would serve.
    fn left(_with_largest: bool) -> Option<Left> {
        None
    }

    /// Returns what keeps the [post-mortem](crate::postmortem) of a boot, on boards with memory that a reset leaves as it is.
    fn black_box() -> Option<&'static BlackBox<Self::Lock>> {
        None
    }

    /// Checks whether interrupts may touch this memory; a record buffer elsewhere is refused.
    fn is_interrupt_safe(_memory: core::ops::Range<usize>) -> bool {
        true
    }
}

/// What a board tells those who read its trace. [`Platform`] has an example.
///
/// Nothing of this is called from inside the allocator.
pub trait Device: Platform {
    /// Describes a task that [`context`](Platform::context) named, or returns `None` where there is none.
    fn task(id: u16) -> Option<Task>;

    /// Returns why a call stack ends where its last return address, one of the image's own, lies in
    /// code beyond which nothing is known ([`is_opaque`](crate::walk::Bounds::is_opaque) in a walk).
    fn opaque(_address: u64) -> Option<Cut> {
        None
    }

    /// Describes the device; features, pointer size and the version of the agent are added to it.
    fn describe() -> api::Device;

    /// Returns when it booted, in microseconds since the Unix epoch, on boards that know the time of day.
    fn booted_unix_us() -> Option<u64> {
        None
    }

    /// Checks whether somebody waits for a connection: only then one that is open has to end for another. Where that is `None`,
    /// because nobody can wait and who comes is refused, somebody may always be about to come.
    fn is_anyone_waiting() -> Option<bool> {
        None
    }

    /// Describes every heap region, in a fixed order, for a reader that may name a window of time.
    fn regions(window: Option<Window>) -> Vec<Region, 4>;

    /// Checks whether a region is memory outside the chip. Drivers and interrupts can't have theirs there, so what is left is told of the
    /// other regions where there are any: triggers and post-mortems go by those.
    fn is_external(_region: &Region) -> bool {
        false
    }

    /// Returns the history of its heap, if it keeps one: then a task has to [sample](crate::sample()) it.
    fn history() -> Option<&'static History<Self::Lock>> {
        None
    }

    /// Returns what its users wish of it, if it keeps that. What the firmware has to do about it: [`Settings::boot_trace`](heapbeacon_shared::trace::Settings::boot_trace)
    /// says whether to trace from boot on, and there may be a network to join.
    fn settings() -> Option<&'static Store<Self::Lock>> {
        None
    }

    /// Returns what names the addresses of the running image, if the device holds it: an ELF, or a
    /// [symbol file](crate::symbols).
    fn elf() -> Option<&'static [u8]> {
        None
    }

    /// Returns the part of the flash that such a symbol file may have been written to beside the image: it is read where [`elf`](Self::elf) has
    /// nothing.
    fn symbols() -> Option<&'static dyn Part> {
        None
    }

    /// Returns what finds the names of functions, on boards that can do so by themselves: others have them where their symbol file has
    /// ([`symbol_file::Functions`](heapbeacon_shared::symbol_file::Functions)). They are told to `go tool pprof`; the dashboard reads [`elf`](Self::elf).
    #[cfg(feature = "functions")]
    fn functions() -> Option<&'static dyn Functions> {
        None
    }

    /// Bytes of roots and references beyond which an answer omits and counts them. A device has room for some thousand blocks, and
    /// no answer of it is longer than 64 KiB with all else.
    const SCAN_BYTES: usize = 58 * 1024;

    /// Returns the memory area of an index, for scans that tell [who holds a block](crate::read::references): up to four regions of
    /// the traced heap, roots, and the agent's own memory as far as it lies in those. Tracer, record buffer, marks and history need not be listed.
    ///
    /// Without any there are no scans: so a board that does not want them lists none.
    fn area(_index: usize) -> Option<Area> {
        None
    }

    /// Makes areas ready to be read, where they have to be; they need to be so until the value that it returns is dropped.
    ///
    /// Returns `None` while another scan is at work, on a board that can do one at a time.
    fn begin_scan() -> Option<ScanGuard> {
        Some(ScanGuard::default())
    }

    /// Restarts the device as soon as the answer to whoever asked is on its way; returns whether it can.
    fn restart() -> bool {
        false
    }

    /// Returns what takes new firmware, on boards with two slots for it.
    #[cfg(feature = "update")]
    fn update() -> Option<&'static dyn Update> {
        None
    }

    /// Returns what guests of the access point are shown, on boards with one.
    #[cfg(feature = "provisioning")]
    fn portal() -> Option<&'static Portal<Self::Lock>> {
        None
    }

    /// Checks whether the device says in its network by mDNS where it is: then it answers to its name below `.local`, too.
    fn is_on_mdns() -> bool {
        false
    }

    /// Returns what a person can turn on and off in the firmware: a demo workload, if one is running.
    fn switches() -> &'static [&'static dyn Switch] {
        &[]
    }
}

/// Returns what is left of the heap for the firmware: neither of regions that are the agent's alone, nor of memory outside the chip where
/// there is other beside it.
pub(crate) fn left_for_firmware<P: Device>() -> Left {
    let regions = P::regions(None);
    let firmwares = regions
        .iter()
        .filter(|region| region.origin == Origin::Application);
    let is_all_external = firmwares.clone().all(P::is_external);
    let counted = firmwares.filter(|region| is_all_external || !P::is_external(region));
    let largest = counted.clone().map(|region| region.largest_free_block);
    Left {
        free: counted.map(|region| region.free).sum(),
        largest_free_block: largest.max(),
    }
}

/// Returns the microseconds since boot, outside of hooks. Never inlined: a board's clock is part of the hooks, and in each place that asks for the time
/// it would take 130 bytes of flash.
#[inline(never)]
pub(crate) fn uptime_us<P: Platform>() -> u64 {
    P::now_us()
}

/// The functions of the running image.
#[cfg(feature = "functions")]
pub trait Functions {
    /// Returns what linkers call the function that lies at an address, one of the image's own; `None` if none is known to. Readers make of it what
    /// people write.
    fn name(&self, address: u64) -> Option<&str>;
}

/// Calls a function of the board when a scan is over.
#[derive(Debug, Default)]
pub struct ScanGuard(Option<fn()>);

impl ScanGuard {
    /// Makes one that calls `end` when it is dropped.
    pub const fn new(end: fn()) -> Self {
        Self(Some(end))
    }
}

impl Drop for ScanGuard {
    fn drop(&mut self) {
        if let Some(end) = self.0 {
            end();
        }
    }
}

/// Where code runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Number of the core.
    pub core: u8,
    /// Id of the task, 0 where the board knows none.
    pub task: u16,
}

/// A task of the firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What the firmware calls it.
    pub name: Name,
    /// Whose code it runs.
    pub origin: Origin,
}

/// Something in the firmware that a person can turn on and off.
pub trait Switch: Sync {
    /// Returns its name in the URL.
    fn name(&self) -> &'static str;
    /// Returns a sentence on what it does.
    fn summary(&self) -> &'static str;
    /// Checks whether it runs.
    fn is_on(&self) -> bool;
    /// Turns it on or off.
    fn set(&self, on: bool);
}
