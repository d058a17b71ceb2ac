//! One connection from its first byte to its last.

mod exchange;
mod serve;

pub use serve::serve;
