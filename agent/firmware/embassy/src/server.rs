//! Answers HTTP on an embassy-net stack.
//!
//! smoltcp has no queue of connections that wait to be accepted: who comes while no socket listens is
//! reset, and a browser that opens six connections at once would show half a page. So there are more
//! sockets than server tasks, and what was accepted waits in a [`Line`]:
//!
//! ```text
//! listening sockets ──accept──► Line ──► server tasks (`heapbeacon::http::serve`) ──► listening again
//!        7                                    4, of which one waits or says 503
//! ```
//!
//! A socket costs 1.9 KiB of buffers, a server task 7.1 KiB. Tasks of embassy-executor can't be generic, so a
//! board writes these down itself:
//!
//! ```ignore
//! #[embassy_executor::task(pool_size = server::TASKS)]
//! async fn serve(agent: &'static Agent<Board>, line: &'static Line) -> ! {
//!     line.serve(agent).await
//! }
//! ```

use embassy_executor::Spawner;
use embassy_futures::join::join_array;
use embassy_net::Stack;
use embassy_net::tcp::TcpSocket;
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::channel::Channel;
use embassy_sync::semaphore::{FairSemaphore, Semaphore};
use embassy_time::{Duration, with_timeout};
use heapbeacon::platform::Platform;
use heapbeacon::{Agent, Asset, http};
use picoserve::time::EmbassyTimer;
use static_cell::{ConstStaticCell, StaticCell};

use crate::socket::Lent;
use crate::tasks::{self, named};

/// Where the agent listens, unless the firmware chooses another port.
pub const PORT: u16 = 80;
/// Sockets: the six connections of a browser, and one more.
pub const SOCKETS: usize = 7;
/// Server tasks.
pub const TASKS: usize = PLACES + 1;
/// Connections that are answered at a time.
pub const PLACES: usize = 3;

/// How long a peer may leave what it was sent unacknowledged.
const SILENCE: Duration = Duration::from_secs(10);
/// How long telling a peer that its connection is over may take.
const FAREWELL: Duration = Duration::from_millis(500);

/// Bytes that may come before a server task has read them: half of a browser's request.
const RECEIVE_BYTES: usize = 512;
/// Bytes that may be on their way unacknowledged: more than one full segment (1,460), for a peer
/// that gets a full one and the start of another acknowledges at once.
const SEND_BYTES: usize = 1472;
/// Bytes of one request's line and headers: what browsers send takes up to 900, and a cookie of
/// another service on the same host may come along.
const HEAD_BYTES: usize = 1152;

/// The files of the dashboard that was built before this crate was, or none.
///
/// The environment variable `HEAPBEACON_DASHBOARD` names their folder when the firmware is built;
/// `cargo xtask run`, `build`, `image` and `flash` set it.
pub static DASHBOARD: &[Asset] = include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));

static BUFFERS: ConstStaticCell<[([u8; RECEIVE_BYTES], [u8; SEND_BYTES]); SOCKETS]> =
    ConstStaticCell::new([([0; RECEIVE_BYTES], [0; SEND_BYTES]); SOCKETS]);
static LINE: StaticCell<Line> = StaticCell::new();

type Queue = Channel<NoopRawMutex, TcpSocket<'static>, SOCKETS>;

/// The sockets, and the connections that wait for a server task.
pub struct Line {
    accepted: Queue,
    idle: Queue,
    /// Whose turn it is to wait for a connection: a queue wakes one task, and where several wait they
    /// would wake each other for ever.
    turn: FairSemaphore<NoopRawMutex, TASKS>,
    port: u16,
}

impl Line {
    /// Makes the sockets and accepts connections to a port on every one that is idle; `None` if that was done before.
    ///
    /// The stack's `StackResources` need room for [`SOCKETS`] sockets beyond those of the firmware.
    pub fn open(spawner: Spawner, stack: Stack<'static>, port: u16) -> Option<&'static Self> {
        let buffers = BUFFERS.try_take()?;
        let line: &Self = LINE.init(Self {
            accepted: Queue::new(),
            idle: Queue::new(),
            turn: FairSemaphore::new(1),
            port,
        });
        for (receive, send) in buffers {
            // There is room for all of them.
            let mut socket = TcpSocket::new(stack, receive, send);
            // A peer that vanished before it was told of a connection, or in one, is given up.
            socket.set_timeout(Some(SILENCE));
            let _ = line.idle.try_send(socket);
        }
        spawner.spawn(named("accept", accept(line).ok()?));
        Some(line)
    }

    /// Serves one connection after the other.
    pub async fn serve<P: Platform>(&self, agent: &'static Agent<P>) -> ! {
        tasks::learn_names().await;
        let mut head = [0; HEAD_BYTES];
        loop {
            let mut socket = self.next().await;
            http::serve(agent, &EmbassyTimer, &mut head, Lent(&mut socket)).await;
            self.retire(socket).await;
        }
    }

    /// Waits for a connection.
    async fn next(&self) -> TcpSocket<'static> {
        // There are places for all server tasks, so it can't fail.
        let _turn = self.turn.acquire(1).await;
        self.accepted.receive().await
    }

    async fn accept_on_one(&self) -> ! {
        loop {
            let mut socket = self.idle.receive().await;
            match socket.accept(self.port).await {
                Ok(()) => self.accepted.send(socket).await,
                Err(_) => self.retire(socket).await,
            }
        }
    }

    /// Makes a socket ready for the next connection.
    async fn retire(&self, mut socket: TcpSocket<'static>) {
        socket.abort();
        // Until the peer was told; one that has vanished can't be, for its neighbour's address is not found.
        let _ = with_timeout(FAREWELL, socket.flush()).await;
        self.idle.send(socket).await;
    }
}

#[embassy_executor::task]
async fn accept(line: &'static Line) {
    join_array([(); SOCKETS].map(|()| line.accept_on_one())).await;
}
