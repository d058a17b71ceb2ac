//! From a stream of messages to the bodies of the API: of a whole capture, and of single pages of a trace.
//!
//! | type | takes | returns |
//! |---|---|---|
//! | [`CaptureReader`] | bytes, in pieces of any size | a [`Capture`], or a [`CaptureError`] |
//! | [`CaptureReader::take_page`] | one page of records or call stacks | what the next [`Page`] comes after |
//! | [`leaks_page`] | a list of leaks | it, as JSON would have had it |
//! | [`LiveBlocks`] | the messages of an event connection | the blocks that are live |
//! | [`Streamed`] | the same | who holds them, and what passes, as the API would have told it |
//! | [`holders()`] | records, and what pointed into the heap before they were read | who holds each block |
//! | [`lost()`] | two captures of a trace | the call stacks of blocks that nothing leads to |
//!
//! Messages may come damaged, twice, or in another order: what is left is read, and [`Loss`] counts what is missing.

mod blocks;
mod clock;
mod content;
mod error;
mod fold;
mod holders;
mod leaks;
mod live;
mod loss;
mod lost;
mod marks;
mod past;
mod pointers;
mod reader;
mod streamed;
mod survivors;
mod totals;
mod turns;

pub(crate) use clock::us;
pub use content::Capture;
pub use error::CaptureError;
pub use holders::holders;
pub use leaks::leaks_page;
pub use live::{Change, LiveBlocks};
pub use loss::Loss;
pub use lost::{Lost, NoLost, lost};
pub(crate) use marks::insert_mark;
pub(crate) use past::Past;
pub use reader::{CaptureReader, Page};
pub use streamed::Streamed;
pub use survivors::survivors;
pub use totals::LISTED;
