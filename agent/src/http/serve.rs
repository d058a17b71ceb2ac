//! One connection from its first byte to its last: the one call that a server task needs.

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::RawMutex;
use picoserve::io::{Read, Socket};
use picoserve::time::Duration;
use picoserve::{Timeouts, Timer};

use super::connection::{exchange, refuse};
use super::link::Link;
use super::output::Output;
use super::places::{Place, Places};
use super::problem::Problem;
use crate::agent::Agent;
use crate::platform::Platform;

/// How long a newcomer who has said something waits for a place.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a peer may say nothing while others wait: much longer than what a client sends at once
/// takes to get here, and so short that a long line of silent ones is soon worked off. Within a request it may be silent
/// for some times as long: a packet may have been lost.
const GRACE: Duration = Duration::from_millis(50);
/// How long a peer may take to close its side: one that is refused while it sends a long body reads
/// the refusal only when it has sent it.
static FAREWELL: Timeouts = Timeouts {
    read_request: Duration::from_secs(1),
    write: Duration::from_secs(1),
    ..Timeouts::const_default()
};

/// The same for one that has stopped within a request: nothing of it is on its way.
static SHORT_FAREWELL: Timeouts = Timeouts {
    read_request: Duration::from_millis(10),
    ..FAREWELL
};

/// How a connection ends.
enum End {
    /// The last answer was sent.
    Answered,
    /// There was no place.
    Busy,
    /// The peer has stopped within a request while others wait.
    Stuck,
    /// There is nobody to answer: the peer has gone, or says nothing while others wait.
    Broken,
}

/// Why a newcomer gets no place. No [`End`], whose size would be a task's for as long as the newcomer is served.
enum NoPlace {
    /// It says nothing.
    Silent,
    /// None became free.
    Busy,
}

/// Serves one connection until it is closed; `buffer` holds a request's line and headers.
///
/// Every server task calls it in a loop, with what it has accepted. There is exactly one such task
/// more than the agent has places: it takes in who comes while all are taken, waits with them for a
/// place, and tells them to come again when none becomes free. While it does so, whoever says nothing, or does not go
/// on with a request, gives way, without a place or with one. The binary needs `#![recursion_limit = "256"]`.
pub async fn serve<P: Platform, R, T: Timer<R>, S: Socket<R>>(
    agent: &'static Agent<P>,
    timer: &T,
    buffer: &mut [u8],
    mut socket: S,
) {
    let _guest = agent.places().enter();
    let end = match seat(agent, timer, buffer, &mut socket).await {
        Ok((_place, heard)) => converse(agent, timer, buffer, heard, &mut socket).await,
        Err(NoPlace::Silent) => End::Broken,
        Err(NoPlace::Busy) => End::Busy,
    };
    match end {
        End::Busy => {
            let detail =
                format_args!("Every connection that this agent has room for is taken: try again.");
            turn_away::<P, _, _, _>(Problem::busy(detail), timer, &mut socket).await;
        }
        End::Stuck => turn_away::<P, _, _, _>(Problem::too_slow(), timer, &mut socket).await,
        End::Answered | End::Broken => {}
    }
    // A peer that has gone already is as good as one that says farewell.
    let _ = match end {
        End::Stuck => socket.shutdown(&SHORT_FAREWELL, timer).await,
        End::Answered | End::Busy => socket.shutdown(&FAREWELL, timer).await,
        End::Broken => socket.abort(&FAREWELL, timer).await,
    };
}

/// Finds a place. Who has to wait for one must say something first: how many bytes of the buffer that has taken is
/// returned.
async fn seat<P: Platform, R, T: Timer<R>, S: Socket<R>>(
    agent: &'static Agent<P>,
    timer: &T,
    buffer: &mut [u8],
    socket: &mut S,
) -> Result<(Place<'static, P::Lock>, usize), NoPlace> {
    if let Some(place) = agent.places().try_take() {
        return Ok((place, 0));
    }
    let heard = first_bytes(timer, buffer, socket).await;
    let heard = heard.ok_or(NoPlace::Silent)?;
    let place = timer.run_with_timeout(PATIENCE, agent.places().take());
    match place.await {
        Ok(Ok(place)) => Ok((place, heard)),
        _ => Err(NoPlace::Busy),
    }
}

/// Reads what comes first; `None` if nothing comes soon.
async fn first_bytes<R, T: Timer<R>, S: Socket<R>>(
    timer: &T,
    buffer: &mut [u8],
    socket: &mut S,
) -> Option<usize> {
    let (mut reader, _) = socket.split();
    let read = timer.run_with_timeout(GRACE, reader.read(buffer)).await;
    read.ok()?.ok().filter(|read| *read > 0)
}

/// Answers requests until there are no more, or the peer gives way.
async fn converse<P: Platform, R, T: Timer<R>, S: Socket<R>>(
    agent: &'static Agent<P>,
    timer: &T,
    buffer: &mut [u8],
    heard: usize,
    socket: &mut S,
) -> End {
    let link = Link::new();
    let exchange = exchange(agent, timer, &link, buffer, heard, socket);
    let silence = silence(agent.places(), &link, timer);
    match select(exchange, silence).await {
        Either::First(Ok(())) => End::Answered,
        Either::Second(()) if link.phase().is_within_request() => End::Stuck,
        Either::First(Err(_)) | Either::Second(()) => End::Broken,
    }
}

/// Waits until the peer says nothing while others wait.
async fn silence<R, M: RawMutex, T: Timer<R>>(places: &Places<M>, link: &Link, timer: &T) {
    loop {
        timer.delay(GRACE).await;
        if link.stays_silent() && places.are_crowded() {
            return;
        }
    }
}

/// Tells a peer why it is not served; one that does not take it is not told.
async fn turn_away<P: Platform, R, T: Timer<R>, S: Socket<R>>(
    problem: Problem,
    timer: &T,
    socket: &mut S,
) {
    let (_, writer) = socket.split();
    let mut output = Output::new(writer, timer);
    let telling = refuse::<P, _, _, _>(problem, &mut output);
    let _ = timer.run_with_timeout(FAREWELL.write, telling).await;
}
