//! A capture for viewers that exist: profilers, flame graphs, spreadsheets.
//!
//! | type | takes | returns |
//! |---|---|---|
//! | [`Recording::read`] | the bytes of a capture, piece by piece | what there is to name and to add up |
//! | [`Recording::name`] | the functions at an address | – |
//! | [`Recording::write`] | the bytes again, and a [`Format`] | the document, piece by piece |
//!
//! The bytes are read more than once instead of being held: what is kept is proportional to call stacks, marks and blocks that
//! are live at one time, never to the number of events. There is no I/O in here, so that it runs the same in a browser and on a
//! desktop.
//!
//! Numbers are those of the blocks that a capture has records or events of. In leaks mode that is what is live: what came and
//! went before is known to the counters of the trace only.
//!
//! ```
//! use heapbeacon_shared::export::{Format, Recording};
//! use heapbeacon_shared::wire::{Encoder, MAX_ENCODED, Message};
//!
//! let mut buffer = [0; MAX_ENCODED];
//! let counters = Message::Counters(Default::default());
//! let capture = Encoder::new().encode(&counters, &mut buffer).unwrap();
//! let mut read = |offset: u64, piece: &mut [u8]| {
//!     let rest = capture.get(offset as usize..).unwrap_or_default();
//!     let count = rest.len().min(piece.len());
//!     piece[..count].copy_from_slice(&rest[..count]);
//!     Ok::<_, ()>(count)
//! };
//! let recording = Recording::read(&mut read).unwrap();
//! let mut document = Vec::new();
//! recording.write(Format::Leaks, &mut read, |piece| Ok(document.extend_from_slice(piece))).unwrap();
//! assert!(document.starts_with(b"stack,task,"));
//! ```

mod collapsed;
mod counters;
mod dhat;
mod firefox;
mod format;
mod heaptrack;
mod input;
mod leaks;
mod out;
mod perfetto;
mod pprof;
mod proto;
mod recording;
mod records;
mod speedscope;
mod strings;
mod sums;
mod survey;
mod tree;
mod walk;
mod write;

pub use format::{Format, UnknownFormat};
pub use input::ReadError;
pub use recording::{CallStack, Recording};
pub use sums::{Amount, Sums};
