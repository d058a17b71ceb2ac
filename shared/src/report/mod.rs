//! What is told of captures in words, on the page and by commands alike.
//!
//! | type | takes | returns |
//! |---|---|---|
//! | [`Version`] | a leak list, and the functions at an address | call sites with their names |
//! | [`Report`] | one of these, and the heap | an HTML file that loads nothing |
//! | [`leaks_at`] | records, and a moment | the leak list of then |
//! | [`leaks_within`] | records, and a part of the trace | the leak list of what was allocated in it |
//! | [`Compared`] | two of these | what changed, in a sentence and as a text for an issue |

mod compared;
mod flame;
mod html;
mod moment;
mod pictures;
mod text;
mod version;

pub use compared::{Compared, Incomparable};
pub use html::Report;
pub use moment::{leaks_at, leaks_within};
pub use pictures::Moment;
pub use version::{Site, Version};
