//! What every board with embassy's executor and network stack shares.
//!
//! | module | what |
//! |---|---|
//! | [`server`] | tasks that answer HTTP on an embassy-net stack |
//! | [`network`] | at which address the device is reached |
//! | [`tasks`] | which embassy task runs, and what it is called |
//! | [`reserve`] | takes the reserve of the heap again once there is room |
//! | [`image`] | the build id that the linker put into the image |
//! | [`Lock`] | the tracer's lock |
//! | `demo` | the demo workload as embassy tasks (feature `demo`) |
#![no_std]

#[cfg(feature = "demo")]
extern crate alloc;

#[cfg(feature = "demo")]
pub mod demo;
pub mod image;
mod lock;
pub mod network;
pub mod reserve;
pub mod server;
mod socket;
pub mod tasks;

pub use lock::Lock;
