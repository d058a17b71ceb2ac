//! A board without a device, and a peer in memory that nobody waits for.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{pending, ready};
use std::mem::MaybeUninit;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};
use std::task::{Context as Wakers, Waker};

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon::Recorder;
use heapbeacon::cost::CostMeter;
use heapbeacon::http::{self, Guard, Memory, Server};
use heapbeacon::marks::Marks;
use heapbeacon::platform::{Context, Device, Platform, Task};
use heapbeacon::tracer::{CallStack, EventRing, Mode, State, Tracer};
use heapbeacon_shared::api::{self, CostUnit};
use heapbeacon_shared::trace::{Destination, Region, Window};
use picoserve::io::{BaseWrite, ErrorType, Read, Socket, Write};
use picoserve::mem::{BorrowedBuffer, BorrowedCursor};
use picoserve::time::Duration;
use picoserve::{Error, Timeouts, Timer};

/// Bytes of a request's line and headers: few, so that the fuzzer finds their end.
const HEAD_BYTES: usize = 192;
/// How often a server may let others have their turn: once for each piece of an answer.
const TURNS: usize = 10_000;

static TRACER: Tracer<Lock> = Tracer::new();
static COST: CostMeter = CostMeter::new();
static MARKS: Marks<Lock> = Marks::new();
static EVENTS: EventRing<64> = EventRing::new();

/// The board.
pub enum Board {}

/// A lock for one thread.
pub struct Lock(Mutex<()>);

// SAFETY: the standard library's mutex keeps all other threads out while `work` runs.
unsafe impl RawMutex for Lock {
    const INIT: Self = Self(Mutex::new(()));

    fn lock<R>(&self, work: impl FnOnce() -> R) -> R {
        let _guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work()
    }
}

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

/// Makes an agent that lives for ever.
pub fn agent() -> &'static Server<Board> {
    let buffer = vec![MaybeUninit::uninit(); 4096].leak();
    Box::leak(Box::new(Server::new(
        Recorder::new(buffer, &EVENTS),
        &[],
        Guard::default(),
        Box::leak(Box::new(Memory::<2, 1, 1>::new())),
    )))
}

/// Begins a trace, whatever was done to the last one.
pub fn record(agent: &Server<Board>) {
    if matches!(TRACER.summary().state, State::Recording | State::Paused) {
        TRACER.stop().expect("it runs");
    }
    agent
        .recorder()
        .init(Destination::Standalone, None)
        .expect("it is stopped");
    TRACER.start(Mode::Leaks, 0).expect("it was initialised");
}

/// Serves a peer that sends these pieces, and then ends its side; returns what it was told.
pub fn talk<'p>(
    agent: &'static Server<Board>,
    pieces: impl IntoIterator<Item = &'p [u8]>,
) -> Vec<u8> {
    let told = Rc::new(RefCell::new(Vec::new()));
    let peer = Peer {
        pieces: pieces.into_iter().map(<[u8]>::to_vec).collect(),
        told: told.clone(),
    };
    let mut head = [0; HEAD_BYTES];
    let mut serving = pin!(http::serve(agent, &Never, &mut head, peer));
    let mut wakers = Wakers::from_waker(Waker::noop());
    // It has all that it waits for, and lets others have their turn a few times.
    let is_done = (0..TURNS).any(|_| serving.as_mut().poll(&mut wakers).is_ready());
    assert!(is_done, "it waits for a peer that has left");
    told.take()
}

/// A clock that stands still.
struct Never;

enum Polled {}

struct Peer {
    pieces: std::collections::VecDeque<Vec<u8>>,
    told: Rc<RefCell<Vec<u8>>>,
}

struct Reader<'p>(&'p mut Peer);
struct Writer(Rc<RefCell<Vec<u8>>>);

impl Timer<Polled> for Never {
    fn delay(&self, _duration: Duration) -> impl Future<Output = ()> {
        pending()
    }
}

impl Socket<Polled> for Peer {
    type Error = Infallible;
    type ReadHalf<'p> = Reader<'p>;
    type WriteHalf<'p> = Writer;

    fn split(&mut self) -> (Reader<'_>, Writer) {
        let told = self.told.clone();
        (Reader(self), Writer(told))
    }

    async fn abort<T: Timer<Polled>>(self, _: &Timeouts, _: &T) -> Result<(), Error<Infallible>> {
        Ok(())
    }

    async fn shutdown<T: Timer<Polled>>(
        self,
        _: &Timeouts,
        _: &T,
    ) -> Result<(), Error<Infallible>> {
        Ok(())
    }
}

impl ErrorType for Reader<'_> {
    type Error = Infallible;
}

impl Read for Reader<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let Some(piece) = self.0.pieces.front_mut() else {
            return Ok(0);
        };
        let read = piece.len().min(buffer.len());
        buffer[..read].copy_from_slice(&piece[..read]);
        piece.drain(..read);
        if piece.is_empty() {
            self.0.pieces.pop_front();
        }
        Ok(read)
    }
}

impl ErrorType for Writer {
    type Error = Infallible;
}

impl BaseWrite for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> impl Future<Output = Result<(), Infallible>> {
        ready(Ok(()))
    }
}

impl Write for Writer {
    async fn write_with<F: FnOnce(BorrowedCursor<'_>) -> R, R>(
        &mut self,
        write: F,
    ) -> Result<R, Infallible> {
        let mut room = [0; 1024];
        let mut room = BorrowedBuffer::new(&mut room);
        let result = write(room.unfilled());
        self.0.borrow_mut().extend_from_slice(room.filled());
        Ok(result)
    }
}
