//! An event connection: a viewer is told of what happens, and says what it wants to be told of.
//!
//! Nobody waits for it: what it is too slow for, the ring overwrites, and the feed counts.

use core::convert::Infallible;
use core::pin::pin;

use edge_ws::{FrameHeader, FrameType};
use embassy_futures::select::{Either, select};
use embassy_futures::yield_now;
use heapbeacon_shared::api::EventsRequest;
use heapless::Vec;
use picoserve::Timer;
use picoserve::io::{Read, Write};
use picoserve::time::Duration;

use crate::http::answer::output::Output;
use crate::http::connection::inbox::{End, Heard, Inbox, NO_TEXT, REFUSED, TRY_LATER};
use crate::http::limits::{GUESS, READ_SECONDS};
use crate::http::link::{Link, Lost};
use crate::http::request::input::Input;
use crate::http::request::keys::Opened;
use crate::http::request::upgrade::{self, Opening};
use crate::http::server::Server;
use crate::http::service::check_events;
use crate::http::slots::Seat;
use crate::platform::{Device, uptime_us};
use crate::read::feed::Filter;

/// How long to wait for events when there are none.
const TICK: Duration = Duration::from_millis(10);
/// How long nothing may be sent: one that has vanished would never be noticed, and keep its place.
const PING_US: u64 = 2_000_000;
/// Bytes of the longest word in a message: a token.
const WORD: usize = 128;
/// Bytes of a control frame and its head, which is short.
const CONTROL: usize = 125;
const CONTROL_FRAME: usize = FrameHeader::MIN_LEN + CONTROL;

/// An event connection, and what both of its sides need.
pub(crate) struct Talk<'c, 't, P: Device, I, W, T, R> {
    server: &'static Server<P>,
    input: &'c mut Input<'t, I>,
    output: &'c mut Output<'t, W, T, R>,
    inbox: Inbox,
    /// What is wanted.
    filter: Filter,
    /// How often the tokens had been changed when this viewer was admitted.
    tokens_set: u32,
    /// When something was sent last.
    sent_us: u64,
}

/// What a message came to.
enum Heeded {
    /// What it asks for is noted.
    Taken,
    /// It has a token that is not the agent's.
    WrongToken,
}

impl<'c, 't, P: Device, I: Read, W: Write, T: Timer<R>, R> Talk<'c, 't, P, I, W, T, R> {
    /// Begins an event connection.
    pub(crate) fn new(
        server: &'static Server<P>,
        input: &'c mut Input<'t, I>,
        output: &'c mut Output<'t, W, T, R>,
        opening: Opening,
    ) -> Self {
        Self {
            server,
            input,
            output,
            inbox: Inbox::new(),
            filter: opening.filter,
            tokens_set: server.tokens_set(),
            sent_us: uptime_us::<P>(),
        }
    }

    /// Tells a viewer of what happens until one side ends that.
    ///
    /// # Errors
    /// When the connection fails.
    pub(crate) async fn run(
        &mut self,
        timer: &T,
        link: &Link,
        seat: Option<Seat<'static, P::Lock>>,
    ) -> Result<(), Lost> {
        let Err(end) = self.go_on(timer, link, seat).await;
        match end {
            End::Lost => Err(Lost),
            End::Close(code, reason) => self.close(code, reason).await,
        }
    }

    async fn go_on(
        &mut self,
        timer: &T,
        link: &Link,
        seat: Option<Seat<'static, P::Lock>>,
    ) -> Result<Infallible, End> {
        let seat = match seat {
            Some(seat) => Some(seat),
            None => {
                let deadline = pin!(timer.delay(Duration::from_secs(READ_SECONDS)));
                match select(self.admit(), deadline).await {
                    Either::First(admitted) => admitted?,
                    Either::Second(()) => return Err(wants_token()),
                }
                self.server.slots().seat(link)
            }
        };
        let late = End::Close(
            TRY_LATER,
            "All places of viewers are taken: try again later.",
        );
        let mut seat = seat.ok_or(late)?;
        let view = seat.view().ok_or(End::Lost)?;
        view.feed.begin::<P>(self.filter.clone());
        loop {
            view.frame.clear();
            let is_more = view.feed.fill::<P>(&mut view.frame);
            let bytes = view.frame.bytes();
            if !bytes.is_empty() {
                self.output.write(bytes).await?;
                self.output.flush().await?;
                self.sent_us = uptime_us::<P>();
            }
            let has_come = match is_more {
                true => select(self.input.receive(), yield_now()).await,
                false => select(self.input.receive(), timer.delay(TICK)).await,
            };
            if let Either::First(received) = has_come {
                check(received)?;
            }
            if self.listen().await? {
                view.feed.select(self.filter.clone());
            }
            if self.tokens_set != self.server.tokens_set() {
                return Err(End::Close(REFUSED, "The agent's tokens have changed."));
            }
            self.keep_alive().await?;
        }
    }

    /// Waits for the token, which has to come first.
    async fn admit(&mut self) -> Result<(), End> {
        loop {
            check(self.input.receive().await)?;
            let mut pong = Vec::new();
            while let Some(heard) = self.inbox.next(self.input, &mut pong)? {
                match heard {
                    Heard::Message => match self.heed(false)? {
                        Heeded::Taken => return Ok(()),
                        Heeded::WrongToken => return Err(self.doubt().await),
                    },
                    Heard::Ping => self.control(FrameType::Pong, &pong).await?,
                    Heard::Nothing => {}
                }
            }
        }
    }

    /// Takes the message that was heard, unless it has a token that is not the agent's; one who is not admitted has to show it.
    fn heed(&mut self, is_admitted: bool) -> Result<Heeded, End> {
        let request = self.request()?;
        match request.token.as_deref().map(str::as_bytes) {
            Some(token) if self.server.keys().open(token) == Opened::Nothing => {
                return Ok(Heeded::WrongToken);
            }
            None if !is_admitted => return Err(wants_token()),
            _ => self.ask(&request)?,
        }
        Ok(Heeded::Taken)
    }

    /// Lets one who guesses tokens wait; returns what it is told then.
    async fn doubt(&self) -> End {
        if self.server.note_guess() {
            self.output.timer().delay(GUESS).await;
        }
        End::Close(REFUSED, "This is not the agent's token.")
    }

    /// Reads what has come; returns whether something else is wanted now.
    async fn listen(&mut self) -> Result<bool, End> {
        let mut is_asked = false;
        let mut pong = Vec::new();
        while let Some(heard) = self.inbox.next(self.input, &mut pong)? {
            match heard {
                Heard::Message => match self.heed(true)? {
                    Heeded::Taken => is_asked = true,
                    Heeded::WrongToken => return Err(self.doubt().await),
                },
                Heard::Ping => self.control(FrameType::Pong, &pong).await?,
                Heard::Nothing => {}
            }
        }
        Ok(is_asked)
    }

    /// Reads the message that was heard.
    fn request(&self) -> Result<EventsRequest, End> {
        let text = core::str::from_utf8(self.inbox.message());
        let text = text.map_err(|_| End::Close(NO_TEXT, "Send JSON, as text."))?;
        let read = serde_json_core::from_str_escaped(text, &mut [0; WORD]);
        read.map(|(request, _)| request)
            .map_err(|_| misunderstood())
    }

    /// Notes what is asked for.
    fn ask(&mut self, request: &EventsRequest) -> Result<(), End> {
        let filter = upgrade::filter(request, &self.filter).ok_or_else(misunderstood)?;
        if request.token.is_some() {
            self.tokens_set = self.server.tokens_set();
        }
        if check_events::<P>(filter.events).is_err() {
            return Err(End::Close(
                REFUSED,
                "There are no events: POST /api/v1/trace/init {\"destination\":\"to_host\"} first, or send \
                 {\"events\":false}.",
            ));
        }
        self.filter = filter;
        Ok(())
    }

    /// Sends something at least, so that the network notices a viewer that has vanished. One that is slow may take its time
    /// to answer: what it was sent before comes first.
    async fn keep_alive(&mut self) -> Result<(), End> {
        let now_us = uptime_us::<P>();
        if now_us.saturating_sub(self.sent_us) > PING_US {
            self.sent_us = now_us;
            self.control(FrameType::Ping, &[]).await?;
        }
        Ok(())
    }

    async fn close(&mut self, code: u16, reason: &str) -> Result<(), Lost> {
        let mut payload = Vec::<u8, CONTROL>::new();
        // A reason that has no room is one too many.
        let _ = payload.extend_from_slice(&code.to_be_bytes());
        let written = payload.extend_from_slice(reason.as_bytes());
        debug_assert!(written.is_ok(), "the reason is too long: {reason}");
        self.control(FrameType::Close, &payload).await
    }

    /// Sends a control frame.
    async fn control(&mut self, kind: FrameType, payload: &[u8]) -> Result<(), Lost> {
        let mut frame = [0; CONTROL_FRAME];
        let head = FrameHeader {
            frame_type: kind,
            payload_len: payload.len() as u64,
            mask_key: None,
        };
        let start = head.serialize(&mut frame).map_err(|_| Lost)?;
        let end = start + payload.len();
        frame
            .get_mut(start..end)
            .ok_or(Lost)?
            .copy_from_slice(payload);
        self.output.write(frame.get(..end).ok_or(Lost)?).await?;
        self.output.flush().await
    }
}

/// Checks whether something has come: nothing is the end.
fn check(received: Result<usize, Lost>) -> Result<(), End> {
    match received {
        Ok(1..) => Ok(()),
        Ok(0) | Err(_) => Err(End::Lost),
    }
}

fn wants_token() -> End {
    End::Close(
        REFUSED,
        "Send the agent's token first: {\"token\":\"TOKEN\"}.",
    )
}

fn misunderstood() -> End {
    End::Close(
        REFUSED,
        "Send JSON such as {\"events\":true,\"counters_ms\":1000,\"samples_ms\":0,\"min_size\":64,\"task\":\"net\"}.",
    )
}
