//! One connection from its first byte to its last: the one call that a server task needs.

use embassy_sync::semaphore::Semaphore;
use heapbeacon_shared::api::PROBLEM_MIME;
use heapless::String;
use picoserve::io::{BaseWrite, Socket};
use picoserve::routing::Router;
use picoserve::time::Duration;
use picoserve::{Config, Error, Server, Timeouts, Timer};

use super::Service;
use super::connection::{Lent, Link, Phase};
use super::problem::Problem;
use crate::agent::Agent;
use crate::platform::Platform;
use crate::text::text;

/// How long a whole request may take to arrive, in seconds.
pub(super) const READ_SECONDS: u64 = 5;
/// How long a newcomer waits for a place: longer than a peer that is only idle keeps one.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes of a refusal, with its headers.
const REFUSAL: usize = 768;

/// An idle or slow peer holds one of few places, so it loses it soon.
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

/// How a connection ends.
enum End {
    /// Every request was answered.
    Answered,
    /// What came last gets this instead of picoserve's own answer, or of none.
    Refused(Problem),
    /// There is nobody left to answer.
    Broken,
}

/// Serves one connection until it is closed; `buffer` holds a request's line and headers.
///
/// Every server task calls it in a loop, with what it has accepted. There is exactly one such task
/// more than the agent has places: it takes in who comes while all are taken, waits with them for a
/// place, and tells them to come again when none becomes free. The binary needs
/// `#![recursion_limit = "256"]`.
pub async fn serve<P: Platform, R, T: Timer<R>, S: Socket<R>>(
    agent: &'static Agent<P>,
    timer: &T,
    buffer: &mut [u8],
    mut socket: S,
) {
    let place = agent.places().acquire(1);
    let end = match timer.run_with_timeout(PATIENCE, place).await {
        Ok(_place) => exchange(agent, timer, buffer, &mut socket).await,
        Err(_) => End::Refused(Problem::busy(format_args!(
            "Every connection that this agent has room for is taken: try again."
        ))),
    };
    if let End::Refused(problem) = &end {
        let refusal = refusal(problem);
        refuse(&refusal, timer, &mut socket).await;
    }
    // A peer that has gone already is as good as one that says farewell.
    let _ = match end {
        End::Answered | End::Refused(_) => socket.shutdown(&FAREWELL, timer).await,
        End::Broken => socket.abort(&FAREWELL, timer).await,
    };
}

/// Answers requests until there are no more.
async fn exchange<P: Platform, R, T: Timer<R>, S: Socket<R>>(
    agent: &'static Agent<P>,
    timer: &T,
    buffer: &mut [u8],
    socket: &mut S,
) -> End {
    let link = Link::new();
    let app = Router::from_service(Service { agent, link: &link });
    let server = Server::custom(&app, Shared(timer), &CONFIG, buffer);
    let result = server
        .serve(Lent {
            socket,
            link: &link,
        })
        .await;
    match (result, link.phase()) {
        (Ok(_), _) | (Err(_), Phase::Over) => End::Answered,
        (Err(Error::BadRequest), Phase::Overflow) => End::Refused(Problem::head_too_long(buffer)),
        (Err(Error::BadRequest), _) => End::Refused(Problem::no_request()),
        (Err(Error::ReadTimeout(_)), Phase::Head) => End::Refused(Problem::too_slow()),
        (Err(_), _) => End::Broken,
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
