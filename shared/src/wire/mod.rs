//! The stream of messages that every download, capture file and event connection is made of.
//!
//! ```text
//! stream   = preamble message*             preamble = 00 'H' 'B' 'C' version (u16, little endian)
//! message  = length (varint) body          body     = postcard of [`Message`], length bytes
//! ```
//!
//! A length is never 0, so a preamble can stand between any two messages: writers repeat it every
//! [`PREAMBLE_EVERY`] messages, and a reader that lost its place searches for the next one. No body
//! contains a preamble (a writer leaves such a message out), so a reader never passes over one:
//! damage costs at most the messages up to the next preamble.
//!
//! Messages and their fields are only ever appended to: a reader skips messages that it does not
//! know by their length, and ignores bytes behind the fields that it knows.

#[cfg(feature = "alloc")]
mod decode_error;
#[cfg(feature = "alloc")]
mod decoder;
mod encoder;
mod events;
mod first;
#[cfg(feature = "alloc")]
mod frame;
mod message;
mod preamble;
mod references;

#[cfg(feature = "alloc")]
pub use decode_error::DecodeError;
#[cfg(feature = "alloc")]
pub use decoder::{Decoder, Received};
pub use encoder::{EncodeError, Encoder, MAX_ENCODED};
pub use events::{Event, EventWriter, Events, FreedBlock, MalformedEvent};
pub use first::read_first;
pub use message::*;
pub use references::{References, Step};

/// What a preamble begins with.
pub const MAGIC: [u8; 4] = *b"\0HBC";
/// Version of the format that this crate writes, and the newest that it reads.
pub const VERSION: u16 = 1;
/// Longest body in bytes; a length beyond it is damage.
pub const MAX_BODY: usize = 512;
/// Messages between two preambles.
pub const PREAMBLE_EVERY: u32 = 64;
