//! What is told of captures in words, on the page and by commands alike.
//!
//! | type | takes | returns |
//! |---|---|---|
//! | [`Version`] | a leak list, and the functions at an address | call sites with their names |
//! | [`Compared`] | two of these | what changed, in a sentence and as a text for an issue |

mod compared;
mod version;

pub use compared::{Compared, Incomparable};
pub use version::{Site, Version};
