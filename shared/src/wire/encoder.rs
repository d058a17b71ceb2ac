//! Messages to bytes, without a heap.

use core::fmt;

use super::preamble::{PREAMBLE_BYTES, Preamble, find, preamble};
use super::{End, MAX_BODY, Message, PREAMBLE_EVERY, VERSION};

/// Most bytes that one message becomes, its preamble included.
pub const MAX_ENCODED: usize = PREAMBLE_BYTES + MAX_LENGTH_BYTES + MAX_BODY;

/// Most bytes of a length: 14 bits are more than [`MAX_BODY`] needs.
const MAX_LENGTH_BYTES: usize = 2;
const PREAMBLE: Preamble = preamble(VERSION);

/// Writes one stream, message by message, into buffers of the caller.
///
/// ```
/// use heapbeacon_shared::trace::Mark;
/// use heapbeacon_shared::wire::{Encoder, MAX_ENCODED, Message};
///
/// let mut encoder = Encoder::new();
/// let mut buffer = [0; MAX_ENCODED];
/// let mark = Message::Mark(Mark::default());
/// assert_eq!(encoder.encode(&mark, &mut buffer)?, b"\0HBC\x01\0\x03\x08\0\0");
/// assert_eq!(encoder.encode(&encoder.finish(), &mut buffer)?, b"\x02\x0a\x01");
/// # Ok::<(), heapbeacon_shared::wire::EncodeError>(())
/// ```
#[derive(Debug, Default)]
pub struct Encoder {
    /// Messages so far. It wraps at a multiple of [`PREAMBLE_EVERY`].
    messages: u32,
}

impl Encoder {
    /// Begins a stream.
    pub const fn new() -> Self {
        Self { messages: 0 }
    }

    /// Goes on with a stream that has so many messages.
    pub const fn behind(messages: u32) -> Self {
        Self { messages }
    }

    /// Encodes `message` into `buffer`, behind a preamble where one is due, and returns the bytes to
    /// send.
    ///
    /// # Errors
    /// After an error the message is not part of the stream, which can go on with the next one.
    /// - [`EncodeError::BufferTooSmall`] never happens with [`MAX_ENCODED`] bytes.
    /// - [`EncodeError::ContainsPreamble`] if a reader would take the message for a preamble.
    pub fn encode<'b>(
        &mut self,
        message: &Message,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], EncodeError> {
        let mut end = 0;
        if self.messages.is_multiple_of(PREAMBLE_EVERY) {
            let preamble = buffer
                .first_chunk_mut()
                .ok_or(EncodeError::BufferTooSmall)?;
            *preamble = PREAMBLE;
            end = PREAMBLE_BYTES;
        }
        end += write_message(message, &mut buffer[end..])?;
        self.messages = self.messages.wrapping_add(1);
        Ok(&buffer[..end])
    }

    /// Returns the message that says that the stream is complete; it must be the last.
    pub fn finish(&self) -> Message {
        Message::End(End {
            messages: self.messages,
        })
    }
}

/// Writes length and body, and returns how many bytes they take.
fn write_message(message: &Message, buffer: &mut [u8]) -> Result<usize, EncodeError> {
    let (length, rest) = buffer
        .split_first_chunk_mut()
        .ok_or(EncodeError::BufferTooSmall)?;
    let room = rest.len().min(MAX_BODY);
    let body =
        postcard::to_slice(message, &mut rest[..room]).map_err(|_| EncodeError::BufferTooSmall)?;
    if find(&PREAMBLE, body).is_some() {
        return Err(EncodeError::ContainsPreamble);
    }
    let body_bytes = body.len();
    let header = write_length(body_bytes, length);
    buffer.copy_within(MAX_LENGTH_BYTES..MAX_LENGTH_BYTES + body_bytes, header);
    Ok(header + body_bytes)
}

/// Writes `length` as a varint and returns how many bytes that took.
fn write_length(length: usize, bytes: &mut [u8; MAX_LENGTH_BYTES]) -> usize {
    let low = (length & 0x7f) as u8;
    if length < 0x80 {
        bytes[0] = low;
        return 1;
    }
    *bytes = [low | 0x80, (length >> 7) as u8];
    2
}

/// Why a message can't be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// The message doesn't fit into the buffer.
    BufferTooSmall,
    /// The bytes of the message contain a preamble.
    ContainsPreamble,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall => {
                write!(f, "the buffer is too small: {MAX_ENCODED} bytes always do")
            }
            Self::ContainsPreamble => f.write_str(
                "the message contains the bytes that a preamble is made of: leave it out",
            ),
        }
    }
}

impl core::error::Error for EncodeError {}
