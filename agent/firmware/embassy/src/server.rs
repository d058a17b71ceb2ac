//! Answers HTTP on an embassy-net stack.
//!
//! There is a task for each of [`SOCKETS`], and the agent sees to it that one of them listens for whoever waits:
//! `heapbeacon::http::serve` returns when another connection needs the socket. Who comes while none does waits, where the
//! driver has a [`Backlog`]; else smoltcp resets it. A connection costs 5.3 KiB; what only
//! those need that are answered, of which there are [`ANSWERS`] at a time, another 6 KiB each, and what one needs that is told of
//! events, of which there are [`VIEWERS`], 4 KiB.
//!
//! Tasks of embassy-executor can't be generic, so a board writes this one down itself:
//!
//! ```ignore
//! #[embassy_executor::task(pool_size = server::SOCKETS)]
//! async fn serve(agent: &'static Server<Board>, socket: Socket) -> ! {
//!     socket.serve(agent).await
//! }
//! ```

use core::future::{Future, poll_fn};
use core::net::IpAddr;
use core::ops::Range;
use core::pin::pin;
use core::task::Poll;

use embassy_futures::poll_once;
use embassy_net::Stack;
use embassy_net::tcp::{State, TcpSocket};
use embassy_time::{Duration, Timer, with_timeout};
#[cfg(feature = "provisioning")]
use heapbeacon::field::provisioning::Portal;
use heapbeacon::http::{self, Server};
use heapbeacon::memory::addresses;
use heapbeacon::platform::Device;
use picoserve::time::EmbassyTimer;
use static_cell::ConstStaticCell;

#[cfg(doc)]
use crate::backlog::Backlog;
use crate::backlog::{self, Door, Doors};
use crate::own::{self, Own};
use crate::socket::Lent;
use crate::tasks;

/// Where the agent listens, unless the firmware chooses another port.
pub const PORT: u16 = 80;
/// Sockets: the six connections of a browser, of which one may be a viewer's.
pub const SOCKETS: usize = 5 + VIEWERS;
/// Sockets that may be told of events, beside those that are there for requests.
pub const VIEWERS: usize = 1;
const _: () = assert!(SOCKETS <= own::MOST, "each socket has a future");
const _: () = assert!(SOCKETS <= http::Backlog::SOCKETS, "each socket has a door");
/// Sockets that guests of the device's own access point have while its portal is open: those of the page and of what their system asks.
#[cfg(feature = "provisioning")]
pub const GUESTS: usize = 3;
/// Connections that are answered at a time.
pub const ANSWERS: usize = 2;

/// How long a peer may leave what it was sent unacknowledged.
const SILENCE: Duration = Duration::from_secs(10);
/// How long telling a peer that its connection is over may take.
const FAREWELL: Duration = Duration::from_millis(100);
/// How often it is looked whether a peer that connects has vanished.
const HANDSHAKE: Duration = Duration::from_secs(2);
/// How often one that seems to have is looked at, and how many times.
const LOOK: Duration = Duration::from_millis(100);
const LOOKS: usize = 20;

/// Bytes that may come before a task has read them: half of a browser's request.
const RECEIVE_BYTES: usize = 512;
/// Bytes that may be on their way unacknowledged: more than one full segment (1,460), for a peer
/// that gets a full one and the start of another acknowledges at once.
const SEND_BYTES: usize = 1472;
/// Bytes of one request's line and headers: what browsers send takes up to 900, and a cookie of
/// another service on the same host may come along.
const HEAD_BYTES: usize = 1152;

static BUFFERS: ConstStaticCell<[([u8; RECEIVE_BYTES], [u8; SEND_BYTES]); SOCKETS]> =
    ConstStaticCell::new([([0; RECEIVE_BYTES], [0; SEND_BYTES]); SOCKETS]);
static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());

/// What an agent needs for the connections of all sockets.
pub type Memory = http::Memory<SOCKETS, ANSWERS, VIEWERS>;

/// A socket of the agent's.
pub struct Socket {
    index: usize,
    network: Stack<'static>,
    port: u16,
    /// Where it listens while the portal is open.
    access_point: Option<Stack<'static>>,
    receive: &'static mut [u8],
    send: &'static mut [u8],
}

/// Takes the memory for connections; `None` if that was done before.
pub fn take_memory() -> Option<&'static mut Memory> {
    MEMORY.try_take()
}

/// Returns the memory of the agent by an index, for [`area`](Device::area) to leave out of a scan: what connections need, and the futures of their tasks.
pub fn memory(index: usize) -> Option<Range<usize>> {
    match index {
        0 => Some(addresses(&MEMORY)),
        1 => Some(addresses(&BUFFERS)),
        _ => own::future(index - 2),
    }
}

/// Makes the sockets, which listen on a port; `None` if that was done before.
///
/// The stack's `StackResources` need room for [`SOCKETS`] sockets beyond those of the firmware.
pub fn open(stack: Stack<'static>, port: u16) -> Option<impl Iterator<Item = Socket>> {
    let buffers = BUFFERS.try_take()?.iter_mut().enumerate();
    backlog::NETWORK.begin(port);
    #[cfg(feature = "provisioning")]
    backlog::ACCESS_POINT.begin(PORT);
    Some(buffers.map(move |(index, (receive, send))| Socket {
        index,
        network: stack,
        port,
        access_point: None,
        receive,
        send,
    }))
}

impl Socket {
    /// Serves one connection after the other.
    pub async fn serve<P: Device>(self, agent: &'static Server<P>) -> ! {
        Own::new(self.run(agent)).await
    }

    /// Listens at the device's own access point while the portal is open: a device without a network has little else to answer.
    #[cfg(feature = "provisioning")]
    pub fn for_guests(self, access_point: Stack<'static>) -> Self {
        Self {
            access_point: Some(access_point),
            ..self
        }
    }

    /// It is not taken apart, for a future would keep its parts beside it.
    async fn run<P: Device>(self, agent: &'static Server<P>) -> ! {
        tasks::learn_names().await;
        let mut head = [0; HEAD_BYTES];
        #[cfg(feature = "provisioning")]
        let is_open = || P::portal().is_some_and(Portal::is_open);
        #[cfg(not(feature = "provisioning"))]
        let is_open = || false;
        let access_point = self.access_point;
        let lent = || access_point.filter(|_| is_open());
        loop {
            let guests = lent();
            let (stack, port) = match guests {
                Some(access_point) => (access_point, PORT),
                None => (self.network, self.port),
            };
            let mut listener = Listener {
                socket: TcpSocket::new(stack, &mut *self.receive, &mut *self.send),
                index: self.index,
                port,
                is_lent: guests.is_some(),
            };
            // A peer that vanished before it was told of a connection, or in one, is given up.
            listener.socket.set_timeout(Some(SILENCE));
            while lent().is_some() == listener.is_lent {
                let is_here = || lent().is_some() == guests.is_some();
                listener.serve_next(agent, &mut head, is_here).await;
            }
        }
    }
}

/// A socket that listens somewhere.
struct Listener<'b> {
    socket: TcpSocket<'b>,
    index: usize,
    port: u16,
    /// Whether it is that of the device's own access point.
    is_lent: bool,
}

impl Listener<'_> {
    /// Serves the next connection, unless it does not listen here any more before there is one.
    async fn serve_next<P: Device>(
        &mut self,
        agent: &'static Server<P>,
        head: &mut [u8],
        is_here: impl Fn() -> bool,
    ) {
        if self.accept(is_here).await {
            let lent = Lent(&mut self.socket);
            match self.is_lent {
                #[cfg(feature = "provisioning")]
                true => http::serve_guest(agent, &EmbassyTimer, head, lent).await,
                _ => http::serve(agent, &EmbassyTimer, head, lent).await,
            }
        }
        self.retire().await;
    }

    /// Waits for a connection, as long as it listens here; returns whether there is one.
    async fn accept(&mut self, is_here: impl Fn() -> bool) -> bool {
        // It listens from the first poll on.
        if let Poll::Ready(Err(_)) = poll_once(self.socket.accept(self.port)) {
            return false;
        }
        while is_here() {
            match with_timeout(HANDSHAKE, self.connected()).await {
                Ok(()) => return true,
                Err(_) if self.socket.state() == State::Listen => {}
                // A peer has begun to connect, perhaps just now.
                Err(_) => return self.complete_handshake().await,
            }
        }
        false
    }

    /// Waits until a peer has connected.
    async fn connected(&self) {
        poll_fn(|cx| {
            // Each change of its state wakes who waits to write.
            let _ = pin!(self.socket.wait_write_ready()).poll(cx);
            self.note();
            let state = self.socket.state();
            match state {
                State::Listen | State::SynReceived => Poll::Pending,
                _ => Poll::Ready(()),
            }
        })
        .await;
    }

    /// Notes what the socket does, for whoever comes while none listens.
    fn note(&self) {
        let door = match (self.socket.state(), self.socket.remote_endpoint()) {
            (State::Listen, _) => Door::Open,
            (State::Closed, _) | (_, None) => Door::Shut,
            (_, Some(peer)) => match IpAddr::from(peer.addr) {
                IpAddr::V4(address) => Door::Taken((address.octets(), peer.port.to_be_bytes())),
                IpAddr::V6(_) => Door::Shut,
            },
        };
        self.doors().note(self.index, door);
    }

    fn doors(&self) -> &'static Doors {
        match self.is_lent {
            #[cfg(feature = "provisioning")]
            true => &backlog::ACCESS_POINT,
            _ => &backlog::NETWORK,
        }
    }

    /// Waits until a peer has answered to being let in; returns whether it has.
    async fn complete_handshake(&mut self) -> bool {
        for _ in 0..LOOKS {
            Timer::after(LOOK).await;
            if self.socket.state() != State::SynReceived {
                break;
            }
        }
        self.socket.may_send()
    }

    /// Makes the socket ready for the next connection.
    async fn retire(&mut self) {
        self.socket.abort();
        self.note();
        // Until the peer was told; one that has vanished can't be, for its neighbour's address is not found.
        let _ = with_timeout(FAREWELL, self.socket.flush()).await;
    }
}
