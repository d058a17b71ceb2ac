//! One connection from its first byte to its last: the one call that a server task needs.

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::api::PROBLEM_MIME;
use heapless::String;
use picoserve::io::{BaseWrite, Read, Socket};
use picoserve::routing::Router;
use picoserve::time::Duration;
use picoserve::{Config, Error, Server, Timeouts, Timer};

use super::Service;
use super::connection::{Lent, Link, Phase};
use super::places::{Place, Places};
use super::problem::Problem;
use crate::agent::Agent;
use crate::platform::Platform;
use crate::text::text;

/// How long a whole request may take to arrive, in seconds.
pub(super) const READ_SECONDS: u64 = 5;
/// How long a newcomer who has said something waits for a place.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a peer may say nothing while others wait: much longer than what a client sends at once
/// takes to get here, and so short that a long line of silent ones is soon worked off. Within a request it may be silent
/// for some times as long: a packet may have been lost.
const GRACE: Duration = Duration::from_millis(50);
/// Bytes of a refusal, with its headers.
const REFUSAL: usize = 768;

/// An idle or slow peer holds one of few places, so it loses it soon even while nobody waits.
static CONFIG: Config = Config::new(Timeouts {
    start_read_request: Duration::from_secs(1),
    persistent_start_read_request: Duration::from_millis(500),
    read_request: Duration::from_secs(READ_SECONDS),
    write: Duration::from_secs(5),
})
.keep_connection_alive();

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
    /// Every request was answered.
    Answered,
    /// What came last gets this instead of picoserve's own answer, or of none.
    Refused(Problem),
    /// The same, for a peer that has stopped within a request while others wait.
    Stuck(Problem),
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
    let end = match seat(agent, timer, &mut socket).await {
        Ok((_place, first)) => exchange(agent, timer, buffer, &mut socket, first).await,
        Err(NoPlace::Silent) => End::Broken,
        Err(NoPlace::Busy) => End::Refused(Problem::busy(format_args!(
            "Every connection that this agent has room for is taken: try again."
        ))),
    };
    if let End::Refused(problem) | End::Stuck(problem) = &end {
        let refusal = refusal(problem);
        refuse(&refusal, timer, &mut socket).await;
    }
    // A peer that has gone already is as good as one that says farewell.
    let _ = match end {
        End::Stuck(_) => socket.shutdown(&SHORT_FAREWELL, timer).await,
        End::Answered | End::Refused(_) => socket.shutdown(&FAREWELL, timer).await,
        End::Broken => socket.abort(&FAREWELL, timer).await,
    };
}

/// Finds a place. Who has to wait for one must say something first: the byte that was read is returned.
async fn seat<P: Platform, R, T: Timer<R>, S: Socket<R>>(
    agent: &'static Agent<P>,
    timer: &T,
    socket: &mut S,
) -> Result<(Place<'static, P::Lock>, Option<u8>), NoPlace> {
    if let Some(place) = agent.places().try_take() {
        return Ok((place, None));
    }
    let first = first_byte(timer, socket).await.ok_or(NoPlace::Silent)?;
    let place = timer.run_with_timeout(PATIENCE, agent.places().take());
    match place.await {
        Ok(Ok(place)) => Ok((place, Some(first))),
        _ => Err(NoPlace::Busy),
    }
}

/// Reads one byte; `None` if none comes soon.
async fn first_byte<R, T: Timer<R>, S: Socket<R>>(timer: &T, socket: &mut S) -> Option<u8> {
    let (mut reader, _) = socket.split();
    let mut first = [0];
    let read = timer.run_with_timeout(GRACE, reader.read(&mut first)).await;
    matches!(read, Ok(Ok(1))).then_some(first[0])
}

/// Answers requests until there are no more, or the peer gives way.
async fn exchange<P: Platform, R, T: Timer<R>, S: Socket<R>>(
    agent: &'static Agent<P>,
    timer: &T,
    buffer: &mut [u8],
    socket: &mut S,
    first: Option<u8>,
) -> End {
    let link = Link::new(first);
    let app = Router::from_service(Service { agent, link: &link });
    let server = Server::custom(&app, Shared(timer), &CONFIG, buffer);
    let lent = Lent {
        socket,
        link: &link,
    };
    let silence = silence(agent.places(), &link, timer);
    let Either::First(result) = select(server.serve(lent), silence).await else {
        return match link.phase().is_within_request() {
            true => End::Stuck(Problem::too_slow()),
            false => End::Broken,
        };
    };
    match (result, link.phase()) {
        (Ok(_), _) | (Err(_), Phase::Over) => End::Answered,
        (Err(Error::BadRequest), Phase::Overflow) => End::Refused(Problem::head_too_long(buffer)),
        (Err(Error::BadRequest), _) => End::Refused(Problem::no_request()),
        (Err(Error::ReadTimeout(_)), phase) if phase.awaits_request() => {
            End::Refused(Problem::too_slow())
        }
        (Err(_), _) => End::Broken,
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

/// Sends a refusal; a peer that does not take it gets none.
async fn refuse<R, T: Timer<R>, S: Socket<R>>(refusal: &str, timer: &T, socket: &mut S) {
    let (_, mut writer) = socket.split();
    let sending = async {
        writer.write_all(refusal.as_bytes()).await?;
        writer.flush().await
    };
    let _ = timer.run_with_timeout(FAREWELL.write, sending).await;
}

/// Writes a problem as an answer that ends the connection.
fn refusal(problem: &Problem) -> String<REFUSAL> {
    let body = problem.body();
    let json = serde_json_core::to_string::<_, { REFUSAL / 2 }>(&body).unwrap_or_default();
    let (name, value) = problem.header().unwrap_or(("Vary", "Origin"));
    text(format_args!(
        "HTTP/1.1 {} {}\r\nContent-Type: {PROBLEM_MIME}\r\nContent-Length: {}\r\n{name}: {value}\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{json}",
        body.status,
        body.title,
        json.len()
    ))
}

/// A timer that two use.
struct Shared<'t, T>(&'t T);

impl<R, T: Timer<R>> Timer<R> for Shared<'_, T> {
    fn delay(&self, duration: Duration) -> impl Future<Output = ()> {
        self.0.delay(duration)
    }
}
