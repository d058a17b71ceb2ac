//! What stands between picoserve and a socket: it tells what a service answers from what picoserve
//! would answer by itself, and ends a connection on which no next request can be found.

use core::cell::Cell;

use picoserve::io::{BaseWrite, ErrorType, Read, Socket, Write};
use picoserve::mem::{BorrowedBuffer, BorrowedCursor};
use picoserve::{Error, Timeouts, Timer};

/// How often a peer may be found in the same pause within a request before it counts as silent.
const PAUSE: u8 = 5;
/// Bytes that are formatted at a time where they go nowhere.
const NOWHERE: usize = 64;

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing has come for a while, or ever.
    Silent,
    /// A request was answered just now.
    Idle,
    /// A request's line and headers are on their way.
    Head,
    /// They fill the buffer, and have not ended.
    Overflow,
    /// They have come, and the body is on its way.
    Body,
    /// The service answers.
    Answer,
    /// The service answers for the last time: where the next request begins is not known.
    LastAnswer,
    /// The last answer was sent.
    Over,
}

impl Phase {
    /// Tells whether the end of a request's headers has not come yet.
    pub(super) fn awaits_request(self) -> bool {
        matches!(self, Self::Silent | Self::Idle | Self::Head)
    }

    /// Tells whether a part of a request has come, and the rest has not.
    pub(super) fn is_within_request(self) -> bool {
        matches!(self, Self::Head | Self::Body)
    }
}

/// What the service and the connection know of each other.
pub(super) struct Link {
    phase: Cell<Phase>,
    /// How often the peer was looked at since it said something.
    looks: Cell<u8>,
    /// What was read before picoserve got the connection.
    first: Cell<Option<u8>>,
}

impl Link {
    /// Begins with a byte that was read already, if there is one.
    pub(super) fn new(first: Option<u8>) -> Self {
        Self {
            phase: Cell::new(Phase::Silent),
            looks: Cell::new(0),
            first: Cell::new(first),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Tells whether nothing has come since this was asked the last time, or ever; within a request, the last
    /// [`PAUSE`] times.
    pub(super) fn stays_silent(&self) -> bool {
        self.looks.set(self.looks.get().saturating_add(1));
        match self.phase() {
            Phase::Silent => true,
            Phase::Idle => {
                self.phase.set(Phase::Silent);
                false
            }
            phase => phase.is_within_request() && self.looks.get() > PAUSE,
        }
    }

    /// Lets an answer through, unless the last one has been sent; returns whether it does.
    pub(super) fn begin_answer(&self) -> bool {
        let is_open = self.phase() != Phase::Over;
        if is_open {
            self.phase.set(Phase::Answer);
        }
        is_open
    }

    /// Notes that the answer has to wait for the request's body.
    pub(super) fn begin_body(&self) {
        self.phase.set(Phase::Body);
    }

    /// Notes that the body has come, or never will.
    pub(super) fn end_body(&self) {
        self.phase.set(Phase::Answer);
    }

    /// Makes the answer that has begun the last one.
    pub(super) fn make_last(&self) {
        self.phase.set(Phase::LastAnswer);
    }

    /// Notes that the answer is complete.
    pub(super) fn end_answer(&self) {
        self.phase.set(match self.phase() {
            Phase::LastAnswer | Phase::Over => Phase::Over,
            _ => Phase::Idle,
        });
    }

    /// Notes that something of a request has come.
    fn hear(&self) {
        self.looks.set(0);
        if self.phase().awaits_request() {
            self.phase.set(Phase::Head);
        }
    }

    fn lets_in(&self) -> bool {
        !matches!(self.phase(), Phase::LastAnswer | Phase::Over)
    }

    /// What picoserve writes outside the service is a refusal of its own.
    fn lets_out(&self) -> bool {
        matches!(self.phase(), Phase::Answer | Phase::LastAnswer)
    }
}

/// A socket that is lent to picoserve: it stays open when picoserve is done with it.
pub(super) struct Lent<'c, S> {
    pub(super) socket: &'c mut S,
    pub(super) link: &'c Link,
}

/// One direction of a lent socket.
pub(super) struct Half<'c, H> {
    inner: H,
    link: &'c Link,
}

impl<R, S: Socket<R>> Socket<R> for Lent<'_, S> {
    type Error = S::Error;
    type ReadHalf<'h>
        = Half<'h, S::ReadHalf<'h>>
    where
        Self: 'h;
    type WriteHalf<'h>
        = Half<'h, S::WriteHalf<'h>>
    where
        Self: 'h;

    fn split(&mut self) -> (Self::ReadHalf<'_>, Self::WriteHalf<'_>) {
        let (reader, writer) = self.socket.split();
        let link = self.link;
        (
            Half {
                inner: reader,
                link,
            },
            Half {
                inner: writer,
                link,
            },
        )
    }

    async fn abort<T: Timer<R>>(self, _: &Timeouts, _: &T) -> Result<(), Error<S::Error>> {
        Ok(())
    }

    async fn shutdown<T: Timer<R>>(self, _: &Timeouts, _: &T) -> Result<(), Error<S::Error>> {
        Ok(())
    }
}

impl<H: ErrorType> ErrorType for Half<'_, H> {
    type Error = H::Error;
}

impl<H: Read> Read for Half<'_, H> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, H::Error> {
        if buffer.is_empty() && self.link.phase().awaits_request() {
            self.link.phase.set(Phase::Overflow);
        }
        if buffer.is_empty() || !self.link.lets_in() {
            return Ok(0);
        }
        let read = match self.link.first.take() {
            Some(first) => {
                buffer[0] = first;
                1
            }
            None => self.inner.read(buffer).await?,
        };
        if read > 0 {
            self.link.hear();
        }
        Ok(read)
    }
}

impl<H: Write> BaseWrite for Half<'_, H> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, H::Error> {
        if self.link.lets_out() {
            self.inner.write(bytes).await
        } else {
            Ok(bytes.len())
        }
    }

    async fn flush(&mut self) -> Result<(), H::Error> {
        self.inner.flush().await
    }
}

impl<H: Write> Write for Half<'_, H> {
    async fn write_with<F: FnOnce(BorrowedCursor<'_>) -> R, R>(
        &mut self,
        write: F,
    ) -> Result<R, H::Error> {
        if self.link.lets_out() {
            self.inner.write_with(write).await
        } else {
            let mut nowhere = [0; NOWHERE];
            Ok(write(BorrowedBuffer::new(&mut nowhere).unfilled()))
        }
    }
}
