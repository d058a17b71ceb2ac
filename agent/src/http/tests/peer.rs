//! A peer in memory, and a clock that only waiting moves.

use core::cell::Cell;
use core::convert::Infallible;
use core::future::{pending, poll_fn};
use core::task::Poll;
use std::cell::RefCell;
use std::collections::VecDeque;
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
#[derive(Clone, Default)]
pub(super) struct Clock(Rc<Cell<u64>>);

impl Clock {
    pub(super) fn now(&self) -> u64 {
        self.0.get()
    }

    pub(super) fn tick(&self) {
        assert!(self.now() < 100_000, "it waits for ever");
        self.0.set(self.now() + 1);
    }

    async fn wait_until(&self, time: u64) {
        poll_fn(|_| match self.now() >= time {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
    }
}

impl Timer<Polled> for Clock {
    async fn delay(&self, duration: Duration) {
        self.wait_until(self.now() + duration.as_millis()).await;
    }
}

/// A peer that says something, and then either leaves or says nothing more.
pub(super) struct Peer {
    /// What it says, each with the milliseconds that it comes after what was said before.
    says: VecDeque<(u64, Vec<u8>)>,
    /// When what it says next comes.
    due: u64,
    /// How much of it comes at a time.
    at_a_time: usize,
    leaves: bool,
    lingers: bool,
    /// When it is there no more.
    goes: u64,
    window: Rc<RefCell<Window>>,
    output: Output,
    clock: Clock,
}

/// What is on its way to a peer at a time.
struct Window {
    bytes: usize,
    /// Milliseconds from when it is full to when it is empty again; `None` if it stays full.
    drains_ms: Option<u64>,
    filled: usize,
    empty_at: u64,
}

/// What a peer was told.
#[derive(Clone, Default)]
pub(super) struct Output(Rc<RefCell<Vec<u8>>>);

pub(super) struct Reader<'p>(&'p mut Peer);

pub(super) struct Writer {
    output: Output,
    goes: u64,
    window: Rc<RefCell<Window>>,
    clock: Clock,
}

impl Peer {
    pub(super) fn that_leaves(input: impl Into<Vec<u8>>) -> Self {
        Self {
            leaves: true,
            ..Self::that_stays(input)
        }
    }

    pub(super) fn that_stays(input: impl Into<Vec<u8>>) -> Self {
        Self {
            says: VecDeque::from([(0, input.into())]),
            due: 0,
            at_a_time: usize::MAX,
            leaves: false,
            lingers: false,
            goes: u64::MAX,
            window: Window::of(usize::MAX, Some(0)),
            output: Output::default(),
            clock: Clock::default(),
        }
    }

    /// Asks something and does not take the answer.
    pub(super) fn that_is_deaf(input: impl Into<Vec<u8>>) -> Self {
        Self {
            window: Window::of(0, None),
            ..Self::that_stays(input)
        }
    }

    /// Sends something more, some milliseconds later.
    pub(super) fn then(mut self, after_ms: u64, input: impl Into<Vec<u8>>) -> Self {
        self.says.push_back((after_ms, input.into()));
        self
    }

    /// Sends no more than so many bytes at a time.
    pub(super) fn in_pieces(self, at_a_time: usize) -> Self {
        Self { at_a_time, ..self }
    }

    /// Is so far away that the first byte comes some milliseconds after the connection.
    pub(super) fn that_is_far(mut self, after_ms: u64) -> Self {
        self.says[0].0 = after_ms;
        self
    }

    /// Takes only so many bytes at a time, and the next ones some milliseconds later.
    pub(super) fn that_takes(mut self, bytes: usize, every_ms: u64) -> Self {
        self.window = Window::of(bytes, Some(every_ms));
        self
    }

    /// Does not close its side when it is told of the end.
    pub(super) fn that_lingers(mut self) -> Self {
        self.lingers = true;
        self
    }

    /// Is gone some milliseconds after the agent has begun, and takes nothing more.
    #[cfg(feature = "tracing")]
    pub(super) fn that_goes(self, goes: u64) -> Self {
        Self { goes, ..self }
    }

    /// Connects.
    pub(super) fn connect(mut self, clock: &Clock) -> Self {
        self.clock = clock.clone();
        self.due = clock.now() + self.says.front().map_or(0, |(after, _)| *after);
        self
    }

    pub(super) fn output(&self) -> Output {
        self.output.clone()
    }

    /// Takes what has been said out of what is to be said.
    fn say(&mut self, buffer: &mut [u8]) -> usize {
        let Some((_, bytes)) = self.says.front_mut() else {
            return 0;
        };
        let said = bytes.len().min(buffer.len()).min(self.at_a_time);
        buffer[..said].copy_from_slice(&bytes[..said]);
        bytes.drain(..said);
        if bytes.is_empty() {
            self.says.pop_front();
            self.due += self.says.front().map_or(0, |(after, _)| *after);
        }
        said
    }
}

impl Writer {
    async fn take(&mut self, bytes: &[u8]) -> usize {
        if self.clock.now() >= self.goes {
            return 0;
        }
        let window = &self.window;
        poll_fn(|_| match window.borrow_mut().has_room(self.clock.now()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        let taken = window.borrow_mut().fill(bytes.len(), self.clock.now());
        self.output
            .0
            .borrow_mut()
            .extend_from_slice(&bytes[..taken]);
        taken
    }
}

impl Window {
    fn of(bytes: usize, drains_ms: Option<u64>) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            bytes,
            drains_ms,
            filled: 0,
            empty_at: 0,
        }))
    }

    fn has_room(&mut self, now: u64) -> bool {
        if self.filled == self.bytes && self.drains_ms.is_some() && now >= self.empty_at {
            self.filled = 0;
        }
        self.filled < self.bytes
    }

    /// Takes what has room of so many bytes.
    fn fill(&mut self, bytes: usize, now: u64) -> usize {
        let taken = bytes.min(self.bytes - self.filled);
        if self.bytes < usize::MAX {
            self.filled += taken;
        }
        self.empty_at = now + self.drains_ms.unwrap_or(0);
        taken
    }
}

impl Output {
    /// Returns all that was said.
    pub(super) fn text(&self) -> String {
        // All are text but profiles.
        String::from_utf8_lossy(&self.0.borrow()).into_owned()
    }

    /// Returns how many bytes were said.
    pub(super) fn len(&self) -> usize {
        self.0.borrow().len()
    }
}

impl Socket<Polled> for Peer {
    type Error = Infallible;
    type ReadHalf<'p> = Reader<'p>;
    type WriteHalf<'p> = Writer;

    fn split(&mut self) -> (Reader<'_>, Writer) {
        let writer = Writer {
            output: self.output(),
            goes: self.goes,
            window: Rc::clone(&self.window),
            clock: self.clock.clone(),
        };
        (Reader(self), writer)
    }

    async fn abort<T: Timer<Polled>>(self, _: &Timeouts, _: &T) -> Result<(), Error<Infallible>> {
        Ok(())
    }

    async fn shutdown<T: Timer<Polled>>(
        self,
        timeouts: &Timeouts,
        timer: &T,
    ) -> Result<(), Error<Infallible>> {
        if self.lingers {
            timer.delay(timeouts.read_request).await;
        }
        Ok(())
    }
}

impl ErrorType for Reader<'_> {
    type Error = Infallible;
}

impl Read for Reader<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Infallible> {
        let peer = &mut *self.0;
        let has_more = peer.says.iter().any(|(_, bytes)| !bytes.is_empty());
        if !has_more && !peer.leaves {
            pending::<()>().await;
        }
        peer.clock.wait_until(peer.due).await;
        Ok(peer.say(buffer))
    }
}

impl ErrorType for Writer {
    type Error = Infallible;
}

impl BaseWrite for Writer {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(self.take(bytes).await)
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
        let mut bytes = room.filled();
        while !bytes.is_empty() {
            match self.take(bytes).await {
                0 => break,
                taken => bytes = &bytes[taken..],
            }
        }
        Ok(result)
    }
}
