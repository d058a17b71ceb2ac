//! One connection from its first byte to its last: the one call that a server task needs.

use embassy_futures::select::{Either, select};
use picoserve::io::Socket;
use picoserve::{Timeouts, Timer};

use super::connection::exchange;
use super::limits::FAREWELL;
use super::link::{Link, Phase};
use crate::agent::Agent;
use crate::platform::Platform;

static TIMEOUTS: Timeouts = Timeouts {
    read_request: FAREWELL,
    write: FAREWELL,
    ..Timeouts::const_default()
};

/// Serves one connection until it is closed; `buffer` holds a request's line and headers.
///
/// A board calls it for each connection that it accepts, for as many at a time as the agent has
/// [`Memory`](super::Memory) for. It does not wait for the end of one to accept the next: when the last one that there is room
/// for has come, another is closed. The binary needs `#![recursion_limit = "256"]`.
pub async fn serve<P: Platform, R, T: Timer<R>, S: Socket<R>>(
    agent: &'static Agent<P>,
    timer: &T,
    buffer: &mut [u8],
    mut socket: S,
) {
    // A peer that has gone already is as good as one that was told of the end.
    let Some(guest) = agent.places().enter() else {
        let _ = socket.abort(&TIMEOUTS, timer).await;
        return;
    };
    let link = Link::new(guest.slot());
    let exchange = exchange(agent, timer, &link, buffer, &mut socket);
    if let Either::First(Ok(())) = select(exchange, guest.watch(&link, timer)).await {
        link.enter(Phase::Closing);
        let closing = socket.shutdown(&TIMEOUTS, timer);
        let _ = select(closing, guest.watch(&link, timer)).await;
    } else {
        let _ = socket.abort(&TIMEOUTS, timer).await;
    }
}
