//! The demo workload for half an hour of its own clock, traced: writes a capture.
//!
//! Takes the file to write, and the build id of this program.

use std::env;
use std::fs;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon::Recorder;
use heapbeacon::cost::CostMeter;
use heapbeacon::hooks::TracedHeap;
use heapbeacon::marks::Marks;
use heapbeacon::platform::{Context, Device, Platform, Task};
use heapbeacon::read::Out;
use heapbeacon::read::stream::{Content, MessageStream};
use heapbeacon::tracer::{CallStack, Destination, EventRing, Mode, Tracer};
use heapbeacon::walk::{self, Bounds};
use heapbeacon_demo::{NET_PERIOD_US, Net, SWITCHES, Scale};
use heapbeacon_shared::api::{self, CostUnit};
use heapbeacon_shared::trace::{BuildId, Region, Window, name};

const MINUTES: u64 = 30;
const STACK_BYTES: usize = 64 * 1024;
const CAPTURE_BYTES: usize = 8 << 20;

static TRACER: Tracer<Lock> = Tracer::new();
static COST: CostMeter = CostMeter::new();
static MARKS: Marks<Lock> = Marks::new();
static EVENTS: EventRing<64> = EventRing::new();
static NOW_US: AtomicU64 = AtomicU64::new(1);
static BUILD_ID: OnceLock<BuildId> = OnceLock::new();

#[global_allocator]
static HEAP: TracedHeap<std::alloc::System, Board> = TracedHeap::new(std::alloc::System);

unsafe extern "C" {
    static __executable_start: u8;
    static etext: u8;
}

enum Board {}
struct Lock(Mutex<()>);

// SAFETY: the standard library's mutex keeps all other threads out while `work` runs.
unsafe impl RawMutex for Lock {
    const INIT: Self = Self(Mutex::new(()));

    fn lock<R>(&self, work: impl FnOnce() -> R) -> R {
        let _guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work()
    }
}

heapbeacon::marks_of!(Board);

impl Platform for Board {
    type Lock = Lock;

    const COST_UNIT: CostUnit = CostUnit::Instructions;

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
        NOW_US.load(Ordering::Relaxed)
    }

    fn context() -> Context {
        Context::default()
    }

    fn call_stack(frame: usize, stack: &mut CallStack) {
        let start = (&raw const __executable_start).addr();
        let bounds = Bounds {
            stack: frame..frame + STACK_BYTES,
            code: [start..(&raw const etext).addr(), 0..0],
            is_opaque: |_| false,
            load_address: start,
        };
        // SAFETY: frames are below that of the C library's start, which is no code of this program and so ends the walk.
        unsafe { walk::walk(frame, &bounds, stack) };
    }

    fn clock() -> u32 {
        0
    }
}

impl Device for Board {
    fn task(_id: u16) -> Option<Task> {
        None
    }

    fn describe() -> api::Device {
        api::Device {
            firmware: name("demo"),
            build_id: BUILD_ID.get().cloned().unwrap_or_default(),
            ..api::Device::default()
        }
    }

    fn regions(_window: Option<Window>) -> heapless::Vec<Region, 4> {
        heapless::Vec::new()
    }
}

/// A capture while it is written.
struct Bytes {
    all: Box<[u8]>,
    count: usize,
}

impl Out for Bytes {
    fn has_room(&self) -> bool {
        true
    }

    fn room(&mut self) -> &mut [u8] {
        &mut self.all[self.count..]
    }

    fn take(&mut self, bytes: usize) {
        self.count += bytes;
    }
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let id: Vec<u8> = arguments[2]
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    BUILD_ID.set(BuildId::new(&id)).unwrap();
    let mut capture = Bytes {
        all: vec![0; CAPTURE_BYTES].into_boxed_slice(),
        count: 0,
    };
    let buffer = vec![MaybeUninit::uninit(); 128 * 1024].leak();
    let recorder: Recorder<Board> = Recorder::new(buffer, &EVENTS);
    recorder.init(Destination::Standalone, None).unwrap();
    Board::tracer().start(Mode::Leaks, Board::now_us()).unwrap();
    let mut net = Net::new(&Scale {
        steps_per_connect: 5,
        ..Scale::DESKTOP
    });
    while Board::now_us() < MINUTES * 60_000_000 {
        net.step(&SWITCHES);
        NOW_US.fetch_add(NET_PERIOD_US, Ordering::Relaxed);
    }
    let mut stream = MessageStream::new::<Board>(Content::Everything(Board::now_us(), None));
    while stream.fill::<Board>(&mut capture) {}
    fs::write(&arguments[1], &capture.all[..capture.count]).unwrap();
}
