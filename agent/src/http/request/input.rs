//! What comes from a peer: one head after the other, and behind each the body that it announces.

use core::ops::Range;

use heapless::Vec;
use picoserve::io::Read;

use crate::http::limits::{MAX_BODY, MAX_EMPTY_LINES};
use crate::http::link::Lost;
use crate::http::link::{Link, Phase};
use crate::http::problem::Problem;
use crate::http::request::head::Scanner;

/// Bytes of an empty line.
const EMPTY_LINE: usize = 2;

/// The bytes of a body.
pub(crate) type Body = Vec<u8, MAX_BODY>;

/// Why a connection ends here.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The peer has ended it between two requests.
    Ended,
    /// It has failed, or the peer does not take what it is sent.
    Lost,
    /// The peer gets this for an answer.
    Refused(Problem),
}

impl From<Lost> for Stop {
    fn from(Lost: Lost) -> Self {
        Self::Lost
    }
}

/// What comes from a peer.
pub(crate) struct Input<'c, R> {
    reader: R,
    link: &'c Link,
    buffer: &'c mut [u8],
    /// Where in the buffer is what has come and belongs to no request yet.
    pending: Range<usize>,
}

impl<'c, R: Read> Input<'c, R> {
    pub(crate) fn new(reader: R, link: &'c Link, buffer: &'c mut [u8]) -> Self {
        Self {
            reader,
            link,
            buffer,
            pending: 0..0,
        }
    }

    /// Waits until something has come; returns whether anything will.
    ///
    /// # Errors
    /// When the connection fails.
    pub(crate) async fn wait(&mut self) -> Result<bool, Lost> {
        if self.pending.is_empty() && self.receive().await? == 0 {
            return Ok(false);
        }
        self.link.enter(Phase::Request);
        Ok(true)
    }

    /// Checks whether nothing but empty lines has come of the next request.
    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// Checks whether what is asked for is the head of an answer only, as far as that has come.
    pub(crate) fn asks_for_head(&self) -> bool {
        self.buffer[self.pending.clone()].starts_with(b"HEAD ")
    }

    /// Reads a head to its end and returns its length. A few empty lines before it are left out (RFC 9112, 2.2).
    ///
    /// # Errors
    /// When it does not come, is too long, or is none.
    pub(crate) async fn head(&mut self) -> Result<usize, Stop> {
        let mut scanner = Scanner::default();
        let mut empty_lines = 0;
        loop {
            let scanned = scanner.scan(&self.buffer[self.pending.clone()]);
            match scanned.map_err(|_| Stop::Refused(Problem::no_request()))? {
                Some(EMPTY_LINE) if empty_lines == MAX_EMPTY_LINES => {
                    return Err(Stop::Refused(Problem::no_request()));
                }
                Some(EMPTY_LINE) => {
                    empty_lines += 1;
                    self.skip(EMPTY_LINE);
                    scanner = Scanner::default();
                }
                Some(length) => return Ok(length),
                None if self.pending.len() == self.buffer.len() => {
                    return Err(Stop::Refused(Problem::head_too_long(self.buffer)));
                }
                None if self.receive().await? > 0 => {}
                None if self.pending.is_empty() => return Err(Stop::Ended),
                None => return Err(Stop::Refused(Problem::no_request())),
            }
        }
    }

    /// Returns a head and what follows it.
    pub(crate) fn split(&mut self, head: usize) -> (&[u8], Tail<'_, R>) {
        let (head, buffered) = self.buffer[self.pending.clone()].split_at(head);
        let tail = Tail {
            reader: &mut self.reader,
            buffered,
            left: None,
        };
        (head, tail)
    }

    /// Leaves out the next bytes, which have been dealt with.
    pub(crate) fn skip(&mut self, bytes: usize) {
        self.pending.start = self.pending.end.min(self.pending.start + bytes);
    }

    /// Returns what has come and was not dealt with.
    pub(crate) fn pending(&mut self) -> &mut [u8] {
        &mut self.buffer[self.pending.clone()]
    }

    /// Receives what has room; returns how many bytes.
    pub(crate) async fn receive(&mut self) -> Result<usize, Lost> {
        if self.pending.end == self.buffer.len() {
            self.buffer.copy_within(self.pending.clone(), 0);
            self.pending = 0..self.pending.len();
        }
        let room = &mut self.buffer[self.pending.end..];
        let read = self.reader.read(room).await.map_err(|_| Lost)?;
        self.pending.end += read;
        Ok(read)
    }
}

/// What follows a head: its body, and behind that the next request, which is not touched here.
///
/// This is the one place that knows how much of what a request has announced is still to come. Until it is
/// told, by a head that leaves no doubt, that is unknown; so whatever is answered before ends the connection.
pub(crate) struct Tail<'i, R> {
    reader: &'i mut R,
    /// What is in the buffer already.
    buffered: &'i [u8],
    left: Option<usize>,
}

impl<R: Read> Tail<'_, R> {
    /// Takes note of how long the body is.
    pub(crate) fn announce(&mut self, length: usize) {
        self.left = Some(length);
    }

    /// Checks whether the next request begins here.
    pub(crate) fn is_read(&self) -> bool {
        self.left == Some(0)
    }

    /// Checks whether nothing of a body that will come has come yet.
    pub(crate) fn is_awaited(&self) -> bool {
        self.buffered.is_empty() && self.left.is_some_and(|left| left > 0)
    }

    /// Returns how many bytes of the buffer are no part of the request.
    pub(crate) fn buffered(&self) -> usize {
        self.buffered.len()
    }

    /// Reads some of the body into `room`, and nothing behind it; returns how many bytes.
    ///
    /// # Errors
    /// When it ends too soon.
    pub(crate) async fn read_some(&mut self, room: &mut [u8]) -> Result<usize, Stop> {
        let left = self.left.unwrap_or(0);
        let some = left.min(room.len());
        let room = &mut room[..some];
        let read = if self.buffered.is_empty() && some > 0 {
            self.reader.read(room).await.map_err(|_| Stop::Lost)?
        } else {
            let (here, behind) = self.buffered.split_at(some.min(self.buffered.len()));
            room[..here.len()].copy_from_slice(here);
            self.buffered = behind;
            here.len()
        };
        if read == 0 && some > 0 {
            return Err(Stop::Refused(Problem::cut_off(left)));
        }
        self.left = Some(left - read);
        Ok(read)
    }

    /// Reads the whole body, and nothing behind it; a body of unknown length is left.
    ///
    /// # Errors
    /// When it ends too soon.
    pub(crate) async fn read(&mut self, body: &mut Body) -> Result<(), Stop> {
        let length = self.left.unwrap_or(0);
        if body.resize(length, 0).is_err() {
            return Err(Stop::Refused(Problem::too_large(MAX_BODY)));
        }
        let (here, behind) = self.buffered.split_at(length.min(self.buffered.len()));
        body[..here.len()].copy_from_slice(here);
        self.buffered = behind;
        let mut filled = here.len();
        while filled < length {
            self.left = Some(length - filled);
            let read = self.reader.read(&mut body[filled..]).await;
            match read.map_err(|_| Stop::Lost)? {
                0 => return Err(Stop::Refused(Problem::cut_off(length))),
                read => filled += read,
            }
        }
        self.left = self.left.map(|_| 0);
        Ok(())
    }
}
