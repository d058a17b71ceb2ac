//! Bytes to messages.

use alloc::vec::Vec;
use core::ops::ControlFlow;

use super::frame::Frame;
use super::preamble::{PREAMBLE_BYTES, Preamble, find};
use super::{DecodeError, End, MAGIC, MAX_BODY, Message, VERSION};

/// Bytes of a preamble that a misread message can swallow without containing all of it.
const LOOK_BACK: usize = PREAMBLE_BYTES - 1;

/// Reads one stream from pieces of any size.
///
/// As an iterator it yields what the bytes so far contain; `None` means that it wants more of them.
/// It keeps at most one unfinished message once it has been read to `None`.
///
/// ```
/// use heapbeacon_shared::trace::Mark;
/// use heapbeacon_shared::wire::{Decoder, Message};
///
/// let mut decoder = Decoder::new();
/// decoder.push(b"\0HBC\x01\0\x03\x08");
/// assert_eq!(decoder.next(), None);
/// decoder.push(b"\0\0\x02\x0a\x01");
/// assert_eq!(decoder.next(), Some(Ok(Message::Mark(Mark::default()))));
/// assert_eq!(decoder.by_ref().count(), 1);
/// assert_eq!(decoder.finish()?.messages, 1);
/// # Ok::<(), heapbeacon_shared::wire::DecodeError>(())
/// ```
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Where in the buffer the unread bytes begin.
    position: usize,
    /// Bytes before `position` that were read as messages: at most [`LOOK_BACK`].
    look_back: usize,
    state: State,
    summary: Received,
    end: Option<End>,
}

/// What the reader expects next.
#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// The first preamble.
    #[default]
    Start,
    /// A message, or the same preamble again.
    Messages(Preamble),
    /// Nothing but the same preamble, after so many bytes of damage.
    Lost(Preamble, u64),
    /// Nothing: this is no stream that can be read.
    Refused(DecodeError),
}

/// What one step of the reader comes to: go on, or break with the next item, or with none for
/// want of bytes.
type Step = ControlFlow<Option<Result<Message, DecodeError>>>;

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Messages, unknown ones included, [`End`] not.
    pub messages: u32,
    /// Messages that only a newer reader knows.
    pub unknown_messages: u32,
    /// Bytes skipped because of damage.
    pub skipped_bytes: u64,
}

impl Decoder {
    /// Begins a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if matches!(self.state, State::Refused(_)) {
            return;
        }
        self.buffer.drain(..self.position - self.look_back);
        self.position = self.look_back;
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns what was read so far.
    pub fn summary(&self) -> Received {
        self.summary
    }

    /// Returns what was read if the stream is complete. It must have been read to `None` before.
    ///
    /// # Errors
    /// - [`DecodeError::CutOff`] if the stream has no [`End`].
    /// - [`DecodeError::MessagesLost`] if another number of messages was sent.
    /// - [`DecodeError::NotACapture`] and [`DecodeError::NewerVersion`] again if that was the case.
    pub fn finish(&self) -> Result<Received, DecodeError> {
        match (self.state, self.end) {
            (State::Start, _) => Err(DecodeError::NotACapture),
            (State::Refused(error), _) => Err(error),
            (_, None) => Err(DecodeError::CutOff {
                messages: self.summary.messages,
            }),
            (_, Some(end)) if end.messages != self.summary.messages => {
                Err(DecodeError::MessagesLost {
                    sent: end.messages,
                    received: self.summary.messages,
                })
            }
            _ => Ok(self.summary),
        }
    }

    fn step(&mut self) -> Step {
        match self.state {
            State::Start => self.read_first_preamble(),
            State::Messages(preamble) => self.read_message(&preamble),
            State::Lost(preamble, skipped_bytes) => self.search(&preamble, skipped_bytes),
            State::Refused(_) => Step::Break(None),
        }
    }

    fn read_first_preamble(&mut self) -> Step {
        let bytes = self.unread();
        let magic = &bytes[..bytes.len().min(MAGIC.len())];
        if !MAGIC.starts_with(magic) {
            return self.refuse(DecodeError::NotACapture);
        }
        let Some(&preamble) = bytes.first_chunk::<PREAMBLE_BYTES>() else {
            return Step::Break(None);
        };
        let [.., low, high] = preamble;
        match u16::from_le_bytes([low, high]) {
            0 => self.refuse(DecodeError::NotACapture),
            1..=VERSION => {
                self.pass_preamble();
                self.state = State::Messages(preamble);
                Step::Continue(())
            }
            version => self.refuse(DecodeError::NewerVersion { version }),
        }
    }

    fn read_message(&mut self, preamble: &Preamble) -> Step {
        match Frame::at_start_of(self.unread(), preamble) {
            Frame::Preamble if !self.swallows(preamble, LOOK_BACK) => {
                self.pass_preamble();
                Step::Continue(())
            }
            Frame::Message { header, end } if !self.swallows(preamble, end) => {
                let body = &self.unread()[header..end];
                match read_body(body) {
                    Ok(message) => self.pass_message(end, message),
                    // A variant or a length beyond what this reader knows.
                    Err(postcard::Error::SerdeDeCustom) => self.pass_unknown(end),
                    Err(_) => self.lose_place(preamble),
                }
            }
            Frame::Partial if !self.swallows(preamble, self.unread().len()) => Step::Break(None),
            _ => self.lose_place(preamble),
        }
    }

    /// Whether a preamble begins inside of the next `end` bytes or of those just read as messages:
    /// then what looks like a message is none, as no message contains a preamble.
    fn swallows(&self, preamble: &Preamble, end: usize) -> bool {
        let from = self.position - self.look_back;
        find(preamble, &self.buffer[from..self.position + end]).is_some()
    }

    fn search(&mut self, preamble: &Preamble, skipped_bytes: u64) -> Step {
        let found = find(preamble, self.unread());
        let skip = found.unwrap_or(self.unread().len().saturating_sub(LOOK_BACK));
        let skipped_bytes = skipped_bytes + skip as u64;
        self.summary.skipped_bytes += skip as u64;
        self.position += skip;
        if found.is_none() {
            self.state = State::Lost(*preamble, skipped_bytes);
            return Step::Break(None);
        }
        self.state = State::Messages(*preamble);
        Step::Break(Some(Err(DecodeError::Damaged { skipped_bytes })))
    }

    fn pass_preamble(&mut self) {
        self.position += PREAMBLE_BYTES;
        self.look_back = 0;
    }

    fn pass_message(&mut self, bytes: usize, message: Message) -> Step {
        self.pass(bytes);
        match message {
            Message::End(end) => self.end = Some(end),
            _ => self.summary.messages = self.summary.messages.wrapping_add(1),
        }
        Step::Break(Some(Ok(message)))
    }

    fn pass_unknown(&mut self, bytes: usize) -> Step {
        self.pass(bytes);
        self.summary.messages = self.summary.messages.wrapping_add(1);
        self.summary.unknown_messages = self.summary.unknown_messages.wrapping_add(1);
        Step::Continue(())
    }

    fn pass(&mut self, bytes: usize) {
        self.position += bytes;
        self.look_back = LOOK_BACK.min(self.look_back + bytes);
    }

    /// Goes back to where a swallowed preamble may begin, to search from there.
    fn lose_place(&mut self, preamble: &Preamble) -> Step {
        self.position -= self.look_back;
        self.look_back = 0;
        self.state = State::Lost(*preamble, 0);
        Step::Continue(())
    }

    fn refuse(&mut self, error: DecodeError) -> Step {
        self.buffer = Vec::new();
        self.position = 0;
        self.state = State::Refused(error);
        Step::Break(Some(Err(error)))
    }

    fn unread(&self) -> &[u8] {
        &self.buffer[self.position..]
    }
}

/// Reads the body of a message, apart from what a newer writer has added to it.
fn read_body(body: &[u8]) -> postcard::Result<Message> {
    match postcard::from_bytes(body) {
        // An older writer counts less: what it does not know is 0.
        Err(postcard::Error::DeserializeUnexpectedEnd) if may_grow(body) => {
            let mut longer = [0; MAX_BODY];
            longer[..body.len()].copy_from_slice(body);
            postcard::from_bytes(&longer)
        }
        result => result,
    }
}

/// Checks whether a body is that of a summary, a call stack or a scan which has all that version 1 began with, at a byte a number at
/// least.
fn may_grow(body: &[u8]) -> bool {
    const STACK: u8 = 2;
    const COUNTERS: u8 = 5;
    const SCAN: u8 = 22;
    let first_fields = match body.first() {
        Some(&STACK | &SCAN) => 10,
        Some(&COUNTERS) => 31,
        _ => return false,
    };
    body.len() > first_fields
}

impl Iterator for Decoder {
    type Item = Result<Message, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Step::Break(item) = self.step() {
                return item;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes `stream` byte by byte and returns the most bytes that the decoder held.
    fn most_bytes_held(stream: impl Iterator<Item = u8>) -> usize {
        let mut decoder = Decoder::new();
        let held = stream.map(|byte| {
            decoder.push(&[byte]);
            decoder.by_ref().for_each(drop);
            decoder.buffer.len()
        });
        held.max().unwrap_or_default()
    }

    #[test]
    fn decoder_holds_no_more_than_one_message() {
        let preamble = *b"\0HBC\x01\0";
        let longest_messages = [0x80, 4].into_iter().chain([0x7f; MAX_BODY]).cycle();
        let damage = core::iter::repeat(0);
        let most = 2 + MAX_BODY + LOOK_BACK;
        let stream = preamble.into_iter().chain(longest_messages.take(5000));
        assert_eq!(most_bytes_held(stream), most);
        let stream = preamble.into_iter().chain(damage.take(5000));
        assert!(most_bytes_held(stream) <= PREAMBLE_BYTES + LOOK_BACK);
    }
}
