//! Names for addresses: the ELF that they come from, and call stacks with them.

mod elf_cache;
mod load;
mod lookup;
pub(crate) mod names;
pub(crate) mod server;
pub(crate) mod source;
mod truncation;
