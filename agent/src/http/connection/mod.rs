//! One connection from its first byte to its last.

mod events;
mod exchange;
mod inbox;
mod serve;

pub use serve::serve;
