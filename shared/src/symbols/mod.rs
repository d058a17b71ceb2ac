//! Turns addresses into function names and source lines: ELF bytes in, names out.
//!
//! There is no I/O, no clock and no thread in here, so that it runs the same in a browser and on a
//! desktop. [`Symbols::parse`] takes a whole file from memory. [`ElfReader`] asks for one range of
//! the file after the other, for a file that is too large to hold: of a 50 MB program on Linux less
//! than half is needed. Both copy what they keep, so [`Symbols`] borrows from nobody.
//!
//! ```no_run
//! # use heapbeacon_shared::symbols::{ElfError, Symbols, SymbolizedStack};
//! # fn example(elf: &[u8], return_addresses: &[u64]) -> Result<(), ElfError> {
//! let symbols = Symbols::parse(elf)?;
//! let stack = SymbolizedStack::new(symbols.call_stack(return_addresses));
//! if let Some(call_site) = stack.call_site() {
//!     // `call_site.frame.function`, `.file` and `.line` say who allocated.
//! }
//! # Ok(()) }
//! ```
//!
//! A firmware's ELF has tens of megabytes, and names and lines are a small part of it. [`Symbols::pack`] writes those alone: a
//! *symbol file*, which all of this reads in place of the ELF.
//!
//! # Addresses
//!
//! Every address is one of the ELF file's own: of a position-independent program that was loaded
//! somewhere else, the caller subtracts the load address first. The agent reports addresses that
//! way already.

mod boundaries;
mod build_id;
mod coroutines;
mod demangle;
mod error;
mod file;
mod inflate;
mod layout;
mod lines;
mod lookalike;
mod meter;
mod missing;
mod program;
mod reader;
mod shared_code;
mod survey;
mod symbol_table;
mod table;
mod tasks;

pub use crate::frames::{
    Fold, Frame, Role, Section, StackFrame, SymbolizedStack, short_file, short_name,
};
pub use build_id::{BuildId, ParseBuildIdError, build_id};
pub use error::ElfError;
pub use inflate::InflateError;
pub use lookalike::Lookalike;
pub use missing::Missing;
pub use reader::ElfReader;
pub use symbol_table::Static;
pub use table::Symbols;
pub use tasks::Task;
