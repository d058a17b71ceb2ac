//! Reads a capture, or the pages of a trace, from bytes.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::Future;

use super::content::Capture;
use super::error::CaptureError;
use super::fold::Fold;
use super::loss::Loss;
use super::turns::{Pause, at_once, no_pause};
use crate::api::{Record, Stack};
use crate::wire::{DecodeError, Decoder, End, Message, Received};

/// What a page of a trace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// More of the same trace, and what the next page comes after; `None` if this was the last one.
    Same(Option<u64>),
    /// Of another trace than the pages before, or cut off, as the agent does it where another trace begins meanwhile:
    /// what was read is of no use.
    Other,
}

/// Reads a capture from pieces of any size.
///
/// Of several captures in a row, as `cat` joins them, it keeps the last: added up, they would be no trace at all.
#[derive(Debug, Default)]
pub struct CaptureReader {
    decoder: Decoder,
    part: Part,
    /// The last capture before this one of which anything can be shown, and how many there were.
    earlier: Option<(Fold, Loss)>,
    captures_before: u32,
    has_bytes: bool,
}

/// The messages of one capture.
#[derive(Debug, Default)]
struct Part {
    fold: Fold,
    end: Option<End>,
    /// What the decoder had counted before its first message.
    before: Received,
}

impl Part {
    /// Returns whether a message belongs to another capture that follows.
    fn ends_before(&self, message: &Message) -> bool {
        let is_header = matches!(message, Message::Header(_));
        self.end.is_some() || (is_header && (self.fold.header.is_some() || self.fold.has_trace()))
    }

    fn take(&mut self, message: Message) {
        if let Message::End(end) = &message {
            self.end = Some(*end);
        }
        self.fold.take(message);
    }
}

impl CaptureReader {
    /// Begins a capture.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`CaptureError::Refused`] as soon as they turn out to be no capture that can be read.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), CaptureError> {
        self.has_bytes |= !bytes.is_empty();
        self.decoder.push(bytes);
        while let Some(item) = self.decoder.next() {
            match item {
                Ok(message) => self.take(message),
                // What was skipped is summed up by the decoder.
                Err(DecodeError::Damaged { .. }) => {}
                Err(error) => return Err(CaptureError::Refused(error)),
            }
        }
        Ok(())
    }

    fn take(&mut self, message: Message) {
        if self.part.ends_before(&message) {
            self.begin_another(&message);
        }
        self.part.take(message);
    }

    /// Puts away what was read so far: the message that was read last begins another capture.
    fn begin_another(&mut self, first: &Message) {
        let now = self.decoder.summary();
        let before = Received {
            messages: now.messages.wrapping_sub(1),
            ..now
        };
        let part = core::mem::take(&mut self.part);
        self.part.before = before;
        // A stream goes on without an end.
        if let (None, Message::Header(header)) = (part.end, first) {
            self.part.fold = part.fold.followed_by(header);
        }
        self.put_away(part, before);
    }

    fn put_away(&mut self, part: Part, now: Received) {
        let loss = Loss::between(part.before, now, part.end);
        if part.fold.has_trace() {
            self.captures_before += 1;
            self.earlier = Some((part.fold, loss));
        }
    }

    /// Takes a whole stream that holds a part of the trace, such as a page of records, if it is of the trace that
    /// the first one was of.
    ///
    /// # Errors
    /// If it is damaged.
    pub fn take_page(&mut self, bytes: &[u8]) -> Result<Page, DecodeError> {
        let mut decoder = Decoder::new();
        decoder.push(bytes);
        let mut next = None;
        for message in decoder.by_ref() {
            let message = message?;
            // The header comes first.
            if self.part.fold.is_contradicted_by(&message) {
                return Ok(Page::Other);
            }
            if let Message::Page(page) = &message {
                next = page.next;
            }
            self.part.fold.take(message);
        }
        match decoder.finish() {
            Ok(_) => Ok(Page::Same(next)),
            Err(DecodeError::CutOff { .. }) => Ok(Page::Other),
            Err(error) => Err(error),
        }
    }

    /// Returns the trace that the pages are of; 0 before the first one.
    pub fn trace_id(&self) -> u32 {
        let header = self.part.fold.header.as_ref();
        header.map_or(0, |header| header.trace_id)
    }

    /// Returns how many records there are so far.
    pub fn records(&self) -> usize {
        self.part.fold.records()
    }

    /// Returns the records and the call stacks of the pages that were taken.
    pub fn into_records(self) -> (Vec<Record>, Vec<Stack>) {
        self.part.fold.into_records()
    }

    /// Returns the capture after its last bytes, with what could not be read of it.
    ///
    /// # Errors
    /// If it is no capture, or nothing of the trace could be read.
    pub fn finish(self) -> Result<Capture, CaptureError> {
        let finished = at_once(self.finish_with(&no_pause));
        finished.unwrap_or(Err(CaptureError::NothingReadable))
    }

    /// Returns the same, with a pause each few thousand records.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub async fn finish_in_turns<F>(self, pause: impl Fn() -> F) -> Result<Capture, CaptureError>
    where
        F: Future<Output = ()> + 'static,
    {
        self.finish_with(&|| Box::pin(pause())).await
    }

    async fn finish_with(mut self, pause: Pause<'_>) -> Result<Capture, CaptureError> {
        if !self.has_bytes {
            return Err(CaptureError::Empty);
        }
        match self.decoder.finish() {
            // What is missing is counted capture by capture.
            Ok(_) | Err(DecodeError::CutOff { .. } | DecodeError::MessagesLost { .. }) => {}
            Err(error) => return Err(CaptureError::Refused(error)),
        }
        let now = self.decoder.summary();
        let last = core::mem::take(&mut self.part);
        self.put_away(last, now);
        let (fold, loss) = self.earlier.ok_or(CaptureError::NothingReadable)?;
        let loss = Loss {
            other_captures: self.captures_before.saturating_sub(1),
            ..loss
        };
        let shown = fold.finish(loss, pause).await;
        shown.ok_or(CaptureError::NothingReadable)
    }
}
