//! A peer in memory, and a clock that only waiting moves.

use core::cell::Cell;
use core::convert::Infallible;
use core::future::{pending, poll_fn};
use core::task::Poll;
use std::cell::RefCell;
use std::rc::Rc;
use std::string::String;
use std::vec::Vec;

use picoserve::io::{BaseWrite, ErrorType, Read, Socket, Write};
use picoserve::mem::{BorrowedBuffer, BorrowedCursor};
use picoserve::time::Duration;
use picoserve::{Error, Timeouts, Timer};

/// What these sockets and timers run on: whoever polls them.
pub(super) enum Polled {}

/// Milliseconds that go by when somebody says so.
#[derive(Default)]
pub(super) struct Clock(Cell<u64>);

impl Clock {
    pub(super) fn now(&self) -> u64 {
        self.0.get()
    }

    pub(super) fn tick(&self) {
        assert!(self.now() < 60_000, "it waits for ever");
        self.0.set(self.now() + 1);
    }
}

impl Timer<Polled> for Clock {
    async fn delay(&self, duration: Duration) {
        let end = self.now() + duration.as_millis();
        poll_fn(|_| match self.now() >= end {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

/// A peer that says something, and then either leaves or says nothing more.
pub(super) struct Peer {
    input: Vec<u8>,
    leaves: bool,
    listens: bool,
    at_a_time: usize,
    output: Output,
}

/// What a peer was told.
#[derive(Clone, Default)]
pub(super) struct Output(Rc<RefCell<Vec<u8>>>);

pub(super) struct Reader<'p>(&'p mut Peer);

pub(super) struct Writer {
    output: Output,
    listens: bool,
}

impl Peer {
    pub(super) fn that_leaves(input: impl Into<Vec<u8>>) -> Self {
        Self {
            input: input.into(),
            leaves: true,
            listens: true,
            at_a_time: usize::MAX,
            output: Output::default(),
        }
    }

    pub(super) fn that_stays(input: impl Into<Vec<u8>>) -> Self {
        Self {
            leaves: false,
            ..Self::that_leaves(input)
        }
    }

    /// Asks something and does not take the answer.
    pub(super) fn that_is_deaf(input: impl Into<Vec<u8>>) -> Self {
        Self {
            listens: false,
            ..Self::that_stays(input)
        }
    }

    /// Says no more than so many bytes at a time.
    pub(super) fn in_pieces(self, at_a_time: usize) -> Self {
        Self { at_a_time, ..self }
    }

    pub(super) fn output(&self) -> Output {
        self.output.clone()
    }
}

impl Writer {
    async fn say(&self, bytes: &[u8]) {
        if !self.listens {
            pending::<()>().await;
        }
        self.output.0.borrow_mut().extend_from_slice(bytes);
    }
}

impl Output {
    /// Returns all that was said.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.borrow().clone()).expect("answers are text")
    }
}

impl Socket<Polled> for Peer {
    type Error = Infallible;
    type ReadHalf<'p> = Reader<'p>;
    type WriteHalf<'p> = Writer;

    fn split(&mut self) -> (Reader<'_>, Writer) {
        let writer = Writer {
            output: self.output(),
            listens: self.listens,
        };
        (Reader(self), writer)
    }

    async fn abort<T: Timer<Polled>>(self, _: &Timeouts, _: &T) -> Result<(), Error<Infallible>> {
        Ok(())
    }

    async fn shutdown<T: Timer<Polled>>(
        self,
        _: &Timeouts,
        _: &T,
    ) -> Result<(), Error<Infallible>> {
        Ok(())
    }
}

impl ErrorType for Reader<'_> {
    type Error = Infallible;
}

impl Read for Reader<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let Peer {
            input,
            leaves,
            at_a_time,
            ..
        } = &mut *self.0;
        if input.is_empty() && !*leaves {
            pending::<()>().await;
        }
        let read = input.len().min(buffer.len()).min(*at_a_time);
        buffer[..read].copy_from_slice(&input[..read]);
        input.drain(..read);
        Ok(read)
    }
}

impl ErrorType for Writer {
    type Error = Infallible;
}

impl BaseWrite for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.say(bytes).await;
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Write for Writer {
    async fn write_with<F: FnOnce(BorrowedCursor<'_>) -> R, R>(
        &mut self,
        write: F,
    ) -> Result<R, Infallible> {
        let mut room = [0; 64];
        let mut room = BorrowedBuffer::new(&mut room);
        let result = write(room.unfilled());
        self.say(room.filled()).await;
        Ok(result)
    }
}
