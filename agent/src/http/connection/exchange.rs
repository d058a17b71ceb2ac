//! One connection: requests are read and answered, one after the other.

use core::future::Future;
use core::pin::{Pin, pin};

use embassy_futures::select::{Either, select};
use embassy_futures::yield_now;
use embassy_sync::blocking_mutex::raw::RawMutex;
use heapbeacon_shared::api::EVENTS_PROTOCOL;
use heapbeacon_shared::pprof;
use picoserve::Timer;
use picoserve::io::{Read, Socket, Write};
use picoserve::response::StatusCode;
use picoserve::time::Duration;

use crate::http::answer::output::Output;
use crate::http::answer::reply::{Delivery, Reply, Rest};
use crate::http::connection::events::Talk;
#[cfg(feature = "functions")]
use crate::http::connection::names;
use crate::http::connection::symbols;
#[cfg(feature = "update")]
use crate::http::connection::upload;
use crate::http::limits::{FIRST, GUESS, NEXT, READ_SECONDS};
use crate::http::link::Lost;
use crate::http::link::{Link, Phase};
use crate::http::problem::Problem;
use crate::http::request::input::{Body, Input, Stop, Tail};
use crate::http::request::upgrade::Opening;
use crate::http::server::Server;
use crate::http::service::{Action, Order, perform};
use crate::http::slots::{Permit, Seat};
use crate::platform::Device;
#[cfg(feature = "functions")]
use crate::read::functions::Known;

/// What follows a request that was answered.
enum Turn<M: RawMutex + 'static> {
    /// Another one may.
    Next,
    /// Nothing.
    Last,
    /// Events, on a connection that is no longer HTTP's: with a seat, if the token is known.
    Events((Opening, Option<Seat<'static, M>>)),
}

/// What was done about a request.
enum Done<M: RawMutex + 'static> {
    /// The answer was made.
    Made(Permit<'static, M>),
    /// The answer is on its way, and is the connection's last.
    #[cfg(feature = "functions")]
    Told,
    /// The connection is one for events from here on: with a seat, if the token is known.
    Opened(Option<Seat<'static, M>>),
}

/// Answers requests until there are no more, or one ends the connection, which may become an event connection.
///
/// # Errors
/// When the connection fails.
pub(crate) async fn exchange<P: Device, R, T: Timer<R>, S: Socket<R>>(
    server: &'static Server<P>,
    timer: &T,
    link: &Link,
    buffer: &mut [u8],
    socket: &mut S,
) -> Result<(), Lost> {
    let (reader, writer) = socket.split();
    let mut input = Input::new(reader, link, buffer);
    let mut output = Output::new(writer, timer, link);
    let mut patience = FIRST;
    let (opening, seat) = loop {
        let turn = async {
            let heard = timer.run_with_timeout(patience, input.wait()).await;
            if !heard.unwrap_or(Ok(false))? {
                return Ok(Turn::Last);
            }
            let deadline = pin!(timer.delay(Duration::from_secs(READ_SECONDS)));
            turn(server, link, &mut input, &mut output, deadline).await
        };
        match turn.await? {
            Turn::Next => link.enter(Phase::Idle),
            Turn::Events(begin) => break begin,
            Turn::Last => return Ok(()),
        }
        patience = NEXT;
        if !input.is_empty() {
            // The requests of others have come meanwhile.
            yield_now().await;
        }
    };
    let mut talk = Talk::new(server, &mut input, &mut output, opening);
    talk.run(timer, link, seat).await
}

/// Sends the answer that was made with a permit.
async fn send<P: Device, W: Write, T: Timer<R>, R>(
    server: &'static Server<P>,
    link: &Link,
    mut permit: Permit<'_, P::Lock>,
    output: &mut Output<'_, W, T, R>,
    delivery: &Delivery<'_>,
) -> Result<(), Lost> {
    loop {
        let (reply, chunk) = permit.answer().ok_or(Lost)?;
        let rest = reply.write::<P, _, _, _>(chunk, output, delivery).await?;
        // Whoever reads it slowly, or waits, keeps nobody waiting.
        drop(permit);
        let half = match rest {
            Rest::Later(half) => half,
            Rest::Bytes(rest) => {
                output.write(rest).await?;
                return output.flush().await;
            }
        };
        output.flush().await?;
        link.enter(Phase::Pausing);
        for _ in 0..half.seconds {
            output.timer().delay(Duration::from_secs(1)).await;
            // Whoever has gone is found out by what it does not take.
            output.write(go_on(delivery)).await?;
            output.flush().await?;
        }
        permit = server.slots().permit(link).await;
        permit.make(|| Reply::behind::<P>(&half));
    }
}

/// Returns what changes nothing about a profile, as a client reads it.
fn go_on(delivery: &Delivery<'_>) -> &'static [u8] {
    const KEY: u8 = pprof::AGAIN[0];
    const VALUE: u8 = pprof::AGAIN[1];
    match delivery.has_chunks {
        true => &[b'2', b'\r', b'\n', KEY, VALUE, b'\r', b'\n'],
        false => &[KEY, VALUE],
    }
}

/// Reads and answers one request, or says what is wrong with it; returns what may follow.
async fn turn<P: Device, I: Read, W: Write, T: Timer<R>, R>(
    server: &'static Server<P>,
    link: &Link,
    input: &mut Input<'_, I>,
    output: &mut Output<'_, W, T, R>,
    mut deadline: Pin<&mut impl Future<Output = ()>>,
) -> Result<Turn<P::Lock>, Lost> {
    let (length, problem) = match hear(input, deadline.as_mut()).await {
        Ok(length) => (length, None),
        Err(Stop::Refused(problem)) => (0, Some(problem)),
        Err(Stop::Ended) => return Ok(Turn::Last),
        Err(Stop::Lost) => return Err(Lost),
    };
    let asks_for_head = input.asks_for_head();
    let (head, mut tail) = input.split(length);
    let buffered = tail.buffered();
    let mut order = order(server, link, head, &mut tail, problem, asks_for_head);
    let turn = match obey(server, link, &mut order, &mut tail, output, deadline).await? {
        #[cfg(feature = "functions")]
        Done::Told => Turn::Last,
        Done::Opened(seat) => match order.action {
            Ok(Action::Open(opening)) => Turn::Events((opening, seat)),
            _ => Turn::Last,
        },
        Done::Made(permit) => {
            send(server, link, permit, output, &order.delivery).await?;
            #[cfg(feature = "update")]
            note_answer::<P>(&order);
            match order.delivery.is_last {
                true => Turn::Last,
                false => Turn::Next,
            }
        }
    };
    let used = length + buffered - tail.buffered();
    input.skip(used);
    Ok(turn)
}

/// Reads a head to its end, and returns its length, unless there is no more time.
async fn hear<I: Read>(
    input: &mut Input<'_, I>,
    deadline: Pin<&mut impl Future<Output = ()>>,
) -> Result<usize, Stop> {
    match select(input.head(), deadline).await {
        Either::First(heard) => heard,
        Either::Second(()) if input.is_empty() => Err(Stop::Ended),
        Either::Second(()) => Err(Stop::Refused(Problem::too_slow())),
    }
}

/// Returns what has to be done about a head, or about what is none.
///
/// No part of the future that calls it, which would keep a problem beside the order that it has become.
fn order<'b, P: Device, I: Read>(
    server: &'static Server<P>,
    link: &Link,
    head: &'b [u8],
    tail: &mut Tail<'_, I>,
    problem: Option<Problem>,
    asks_for_head: bool,
) -> Order<'b> {
    let order = match problem {
        Some(problem) => Err(problem),
        None => Order::take(server, link.entrance(), head, tail),
    };
    // The answer to what is none is the last one: where another request may begin is unknown, and what follows is not waited for.
    order.unwrap_or_else(|problem| Order {
        action: Err(problem),
        expects_continue: true,
        delivery: Delivery::last(asks_for_head),
    })
}

/// Tells a self-test that waits for it that the API has answered.
#[cfg(feature = "update")]
fn note_answer<P: Device>(order: &Order<'_>) {
    if let (Ok(Action::Call(_)), Some(update)) = (&order.action, P::update()) {
        update.note_answer();
    }
}

/// Reads the body of a request and does what it asks for.
///
/// A request is lent, here and below: what a future is given by value, it keeps twice. What takes an upload and what has a body are
/// futures of their own, for they are never there at the same time, and so share their room.
async fn obey<P: Device, I: Read, W: Write, T: Timer<R>, R>(
    server: &'static Server<P>,
    link: &Link,
    order: &mut Order<'_>,
    tail: &mut Tail<'_, I>,
    output: &mut Output<'_, W, T, R>,
    deadline: Pin<&mut impl Future<Output = ()>>,
) -> Result<Done<P::Lock>, Lost> {
    #[cfg(feature = "functions")]
    if matches!(order.action, Ok(Action::Names))
        && let Some(known) = Known::open::<P>()
    {
        let mut body = Body::new();
        names::tell(&known, order, tail, &mut body, output, deadline).await?;
        return Ok(Done::Told);
    }
    // What is refused below is not read any further.
    let is_wanted = wants_body(order);
    upload::<P, _, _, _, _>(link, order, tail, output).await?;
    let done = perform_order(server, link, order, tail, output, deadline, is_wanted).await?;
    if let (Done::Opened(_), Ok(Action::Open(opening))) = (&done, &order.action) {
        open(output, opening).await?;
    }
    Ok(done)
}

/// Does what a request asks for whose upload was taken, if it has one: its answer is made, or it has its seat among viewers.
async fn perform_order<P: Device, I: Read, W: Write, T: Timer<R>, R>(
    server: &'static Server<P>,
    link: &Link,
    order: &mut Order<'_>,
    tail: &mut Tail<'_, I>,
    output: &mut Output<'_, W, T, R>,
    deadline: Pin<&mut impl Future<Output = ()>>,
    is_wanted: bool,
) -> Result<Done<P::Lock>, Lost> {
    let mut body = Body::new();
    if is_wanted {
        receive(order, tail, &mut body, output, deadline).await?;
    }
    if let Ok(Action::Open(opening)) = &order.action {
        let seat = opening.is_admitted.then(|| server.slots().seat(link));
        match seat {
            Some(None) => order.refuse(Problem::busy(format_args!(
                "All places of viewers are taken: close one, or try again."
            ))),
            seat => return Ok(Done::Opened(seat.flatten())),
        }
    }
    let delivery = &mut order.delivery;
    // The one place that lets another request follow. While others wait for a connection, none does.
    delivery.is_last |= !tail.is_read() || server.slots().are_short();
    if matches!(&order.action, Err(problem) if problem.is_wrong_token()) && server.note_guess() {
        // Nobody waits for that: it holds no place among the answers, and gives its connection up to who wants one.
        output.timer().delay(GUESS).await;
        order.delivery.is_last = true;
    }
    let mut permit = server.slots().permit(link).await;
    permit.make(|| match &order.action {
        Ok(action) => perform(server, action, &body),
        Err(problem) => Reply::refusal(problem),
    });
    Ok(Done::Made(permit))
}

/// Takes what comes behind a head that announces an upload, as it comes.
async fn upload<P: Device, I: Read, W: Write, T: Timer<R>, R>(
    link: &Link,
    order: &mut Order<'_>,
    tail: &mut Tail<'_, I>,
    output: &mut Output<'_, W, T, R>,
) -> Result<(), Lost> {
    let taken = match &order.action {
        #[cfg(feature = "update")]
        Ok(Action::Upload(incoming)) => {
            upload::receive::<P, _, _, _, _>(link, incoming, tail, output).await
        }
        Ok(Action::Symbols { bytes, .. }) => {
            let (bytes, expects_continue) = (*bytes, order.expects_continue);
            symbols::receive::<P, _, _, _, _>(link, bytes, expects_continue, tail, output)
                .await
                .map(|head| {
                    order.action = Ok(Action::Symbols {
                        bytes,
                        held: Some(head),
                    });
                })
        }
        _ => return Ok(()),
    };
    heed(order, taken)
}

/// Reads the body of a request; one that can't be read turns the request into what is wrong with it.
async fn receive<I: Read, W: Write, T: Timer<R>, R>(
    order: &mut Order<'_>,
    tail: &mut Tail<'_, I>,
    body: &mut Body,
    output: &mut Output<'_, W, T, R>,
    deadline: Pin<&mut impl Future<Output = ()>>,
) -> Result<(), Lost> {
    if order.expects_continue && tail.is_awaited() {
        output.go_on().await?;
    }
    heed(order, read(tail, body, deadline).await)
}

/// Returns whether the body of a request is read before it is answered. One that is too long is not waited for.
fn wants_body(order: &Order<'_>) -> bool {
    match &order.action {
        Ok(action) => action.reads_body(),
        Err(problem) => {
            !order.expects_continue && problem.status() != StatusCode::PAYLOAD_TOO_LARGE
        }
    }
}

/// Turns a request of which what comes behind its head can't be read into what is wrong with it. Never inlined: there are two callers.
///
/// # Errors
/// When there is nobody any more to answer.
#[inline(never)]
fn heed(order: &mut Order<'_>, read: Result<(), Stop>) -> Result<(), Lost> {
    match read {
        Ok(()) => {}
        Err(Stop::Refused(problem)) => order.refuse(problem),
        Err(Stop::Ended | Stop::Lost) => return Err(Lost),
    }
    Ok(())
}

/// Answers who opens an event connection: from here on, both sides speak WebSocket.
async fn open<W: Write, T: Timer<R>, R>(
    output: &mut Output<'_, W, T, R>,
    opening: &Opening,
) -> Result<(), Lost> {
    let (field, protocol) = match opening.has_protocol {
        true => ("Sec-WebSocket-Protocol: ", EVENTS_PROTOCOL),
        false => ("", ""),
    };
    let end = if opening.has_protocol { "\r\n" } else { "" };
    let head = format_args!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n{field}{protocol}{end}\r\n",
        opening.accept()
    );
    output.format(head).await?;
    output.flush().await
}

/// Reads a body until it is complete, or there is no more time.
async fn read<I: Read>(
    tail: &mut Tail<'_, I>,
    body: &mut Body,
    deadline: Pin<&mut impl Future<Output = ()>>,
) -> Result<(), Stop> {
    match select(tail.read(body), deadline).await {
        Either::First(read) => read,
        Either::Second(()) => Err(Stop::Refused(Problem::too_slow())),
    }
}
