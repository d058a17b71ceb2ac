//! Call stacks with names: whose code each frame is, and which frames a reader may leave folded.
//!
//! This is what `symbols` answers with, without anything that reads an ELF file: whoever only shows
//! names doesn't carry the parsers.

mod fold;
mod frame;
mod names;
mod section;

pub use fold::{Role, StackFrame, SymbolizedStack};
pub use frame::Frame;
#[cfg(feature = "symbols")]
pub(crate) use names::crate_of;
pub use names::{short_file, short_name};
pub use section::{Fold, Section};
