//! One connection from its first byte to its last.

mod events;
mod exchange;
mod inbox;
mod intake;
#[cfg(feature = "functions")]
mod names;
mod serve;
mod symbols;
#[cfg(feature = "update")]
mod upload;

pub use serve::serve;
#[cfg(feature = "provisioning")]
pub use serve::serve_guest;
