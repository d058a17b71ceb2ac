//! From bytes that can be read again to messages.

use alloc::vec;
use core::fmt;

use crate::capture::{CaptureError, Loss};
use crate::wire::{DecodeError, Decoder, End, Message, Received};

/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Reads so many bytes from there; 0 is the end.
pub(super) type Read<'a> = dyn FnMut(u64, &mut [u8]) -> Result<usize, fmt::Error> + 'a;

/// Why a capture can't be read.
#[derive(Debug, PartialEq, Eq)]
pub enum ReadError<E> {
    /// Its bytes can't.
    Source(E),
    /// They are no capture, or nothing of the trace is left.
    Capture(CaptureError),
}

impl<E: fmt::Display> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(f),
            Self::Capture(error) => error.fmt(f),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for ReadError<E> {}

/// Tells the captures of a file apart: `cat` joins them.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The one that the last message belongs to, from 0.
    pub(super) now: u32,
    has_header: bool,
    has_trace: bool,
    end: Option<End>,
    /// What the decoder had counted before its first message.
    before: Received,
}

impl Parts {
    /// Takes the next message; returns whether it is the first of another capture.
    pub(super) fn take(&mut self, message: &Message, counted: Received) -> bool {
        let is_header = matches!(message, Message::Header(_));
        let is_next = self.end.is_some() || (is_header && (self.has_header || self.has_trace));
        if is_next {
            *self = Self {
                now: self.now + 1,
                before: Received {
                    messages: counted.messages.wrapping_sub(1),
                    ..counted
                },
                ..Self::default()
            };
        }
        self.has_header |= is_header;
        self.has_trace |= matches!(
            message,
            Message::Counters(_)
                | Message::Stack(_)
                | Message::Record(_)
                | Message::Events(_)
                | Message::Live(_)
        );
        if let Message::End(end) = message {
            self.end = Some(*end);
        }
        is_next
    }

    /// Returns what could not be read of the current capture; `None` if there is nothing of a trace in it.
    pub(super) fn loss(&self, now: Received) -> Option<Loss> {
        self.has_trace
            .then(|| Loss::between(self.before, now, self.end))
    }
}

/// Reads a file from its beginning to its end, and tells of each message and of what was counted with it.
///
/// Returns what was counted; an error within is the decoder's.
pub(super) fn messages(
    read: &mut Read<'_>,
    tell: &mut dyn FnMut(Message, Received) -> fmt::Result,
) -> Result<Result<Received, CaptureError>, fmt::Error> {
    let mut decoder = Decoder::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut offset = 0;
    loop {
        let count = read(offset, &mut piece)?.min(piece.len());
        if count == 0 {
            break;
        }
        offset += count as u64;
        decoder.push(&piece[..count]);
        while let Some(item) = decoder.next() {
            match item {
                Ok(message) => tell(message, decoder.summary())?,
                // What was skipped is summed up by the decoder.
                Err(DecodeError::Damaged { .. }) => {}
                Err(error) => return Ok(Err(CaptureError::Refused(error))),
            }
        }
    }
    if offset == 0 {
        return Ok(Err(CaptureError::Empty));
    }
    Ok(match decoder.finish() {
        // What is missing is counted capture by capture.
        Ok(_) | Err(DecodeError::CutOff { .. } | DecodeError::MessagesLost { .. }) => {
            Ok(decoder.summary())
        }
        Err(error) => Err(CaptureError::Refused(error)),
    })
}
