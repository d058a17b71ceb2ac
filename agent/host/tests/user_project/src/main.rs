//! The agent on a board of somebody's own, which traces nothing: it is there to be attacked.

use std::mem::MaybeUninit;
use std::sync::{Mutex, PoisonError};

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon::Recorder;
use heapbeacon::cost::CostMeter;
use heapbeacon::http::{self, Guard, Memory, Server};
use heapbeacon::marks::Marks;
use heapbeacon::platform::{Context, Device, Platform, Task};
use heapbeacon::tracer::{CallStack, EventRing, Tracer};
use heapbeacon_shared::api::{self, CostUnit};
use heapbeacon_shared::trace::{Region, Window};
use picoserve::time::TokioTimer;
use tokio::net::TcpListener;
use tokio::task::LocalSet;

const CONNECTIONS: usize = 7;
const ANSWERS: usize = 3;
/// Bytes of a request's line and headers: as many as on a chip.
const HEAD_BYTES: usize = 1152;

static TRACER: Tracer<Lock> = Tracer::new();
static COST: CostMeter = CostMeter::new();
static MARKS: Marks<Lock> = Marks::new();
static EVENTS: EventRing<64> = EventRing::new();

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
        1_000_000
    }

    fn context() -> Context {
        Context::default()
    }

    fn call_stack(_frame: usize, _stack: &mut CallStack) {}

    fn clock() -> u32 {
        0
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

fn main() {
    let buffer = vec![MaybeUninit::uninit(); 4096].leak();
    let memory = Box::leak(Box::new(Memory::<CONNECTIONS, ANSWERS, 0>::new()));
    let agent = Server::new(
        Recorder::new(buffer, &EVENTS),
        &[],
        Guard::default(),
        memory,
    );
    let agent: &'static Server<Board> = Box::leak(Box::new(agent));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("the system has what it takes");
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("there is a free port");
        println!(
            "http://{}",
            listener.local_addr().expect("it has an address")
        );
        let listener: &'static TcpListener = Box::leak(Box::new(listener));
        let servers: Vec<_> = (0..CONNECTIONS)
            .map(|_| tokio::task::spawn_local(serve(agent, listener)))
            .collect();
        for server in servers {
            // A panic in one of them ends the program.
            server.await.expect("it serves for ever");
        }
    });
}

async fn serve(agent: &'static Server<Board>, listener: &'static TcpListener) {
    let mut head = vec![0; HEAD_BYTES];
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            http::serve(agent, &TokioTimer, &mut head, stream).await;
        }
    }
}
