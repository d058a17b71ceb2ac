//! One connection from its first byte to its last: the one call that a server task needs.

use embassy_futures::select::{Either, select};
use picoserve::io::Socket;
use picoserve::{Timeouts, Timer};

use crate::http::connection::exchange::exchange;
use crate::http::limits::CLOSE;
use crate::http::link::{Entrance, Link, Phase};
use crate::http::server::Server;
use crate::platform::Device;

static TIMEOUTS: Timeouts = Timeouts {
    read_request: CLOSE,
    write: CLOSE,
    ..Timeouts::const_default()
};

/// Serves one connection until it is closed; `buffer` holds a request's line and headers.
///
/// A board calls it for each connection that it accepts, for as many at a time as the agent has
/// [`Memory`](crate::http::Memory) for. It does not wait for the end of one to accept the next: when the last one that there is room
/// for has come, another is closed, at once or for whoever [waits](Device::is_anyone_waiting). The binary needs `#![recursion_limit = "256"]`.
///
/// ```
/// # #![recursion_limit = "256"]
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/board.rs"));
/// use heapbeacon::Recorder;
/// use heapbeacon::http::{self, Guard, Memory, Server};
/// use heapbeacon::tracer::EventRing;
///
/// static EVENTS: EventRing<64> = EventRing::new();
///
/// # fn main() {
/// // On a device, these are statics.
/// let buffer = vec![std::mem::MaybeUninit::uninit(); 4096].leak();
/// let memory = Box::leak(Box::new(Memory::<9, 3, 2>::new()));
/// let guard = Guard { token: Some("a secret"), ..Guard::default() };
/// let server = Server::new(Recorder::new(buffer, &EVENTS), &[], guard, memory);
/// let server: &'static Server<Board> = Box::leak(Box::new(server));
/// # }
///
/// // What each of nine tasks does with a connection that it has accepted: a socket of tokio or embassy.
/// async fn answer<R, T: picoserve::Timer<R>, S: picoserve::io::Socket<R>>(
///     server: &'static Server<Board>,
///     timer: &T,
///     socket: S,
/// ) {
///     let mut head = [0; 1152];
///     http::serve(server, timer, &mut head, socket).await;
/// }
/// ```
pub async fn serve<P: Device, R, T: Timer<R>, S: Socket<R>>(
    server: &'static Server<P>,
    timer: &T,
    buffer: &mut [u8],
    socket: S,
) {
    serve_from(server, timer, buffer, socket, Entrance::Network).await;
}

/// Serves one connection that has come by the device's own access point, as [`serve`] does: it sees the
/// [portal](crate::field::provisioning), if that is open, and nothing else.
#[cfg(feature = "provisioning")]
pub async fn serve_guest<P: Device, R, T: Timer<R>, S: Socket<R>>(
    server: &'static Server<P>,
    timer: &T,
    buffer: &mut [u8],
    socket: S,
) {
    serve_from(server, timer, buffer, socket, Entrance::AccessPoint).await;
}

async fn serve_from<P: Device, R, T: Timer<R>, S: Socket<R>>(
    server: &'static Server<P>,
    timer: &T,
    buffer: &mut [u8],
    mut socket: S,
    entrance: Entrance,
) {
    // A peer that has gone already is as good as one that was told of the end.
    let Some(connection) = server.slots().acquire() else {
        let _ = socket.abort(&TIMEOUTS, timer).await;
        return;
    };
    let link = Link::new(connection.slot(), entrance);
    let exchange = exchange(server, timer, &link, buffer, &mut socket);
    if let Either::First(Ok(())) = select(exchange, connection.watch(&link, timer)).await {
        link.enter(Phase::Closing);
        let closing = socket.shutdown(&TIMEOUTS, timer);
        let _ = select(closing, connection.watch(&link, timer)).await;
    } else {
        let _ = socket.abort(&TIMEOUTS, timer).await;
    }
}
