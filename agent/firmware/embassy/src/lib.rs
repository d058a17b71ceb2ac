//! What every board with embassy's executor and network stack shares.
//!
//! | module | what |
//! |---|---|
//! | `server` | tasks that answer HTTP on an embassy-net stack |
//! | `backlog` | who comes while no socket listens waits |
//! | `network` | at which address the device is reached |
//! | `mdns` | says in the network where that is |
//! | [`tasks`] | which embassy task runs, and what it is called |
//! | `reserve` | takes the reserve of the heap again once there is room |
//! | `restart` | restarts the device when somebody asks for it |
//! | `history` | samples the heap for its history |
//! | `guests` | DHCP and DNS at the device's own access point |
//! | `update` | sees the trial of new firmware through |
//! | [`image`] | the build id that the linker put into the image |
//! | [`Lock`] | the tracer's lock |
//!
//! ## Features
#![doc = document_features::document_features!()]
#![no_std]

#[cfg(feature = "http")]
pub mod backlog;
#[cfg(feature = "provisioning")]
pub mod guests;
#[cfg(feature = "http")]
pub mod history;
pub mod image;
mod lock;
#[cfg(feature = "mdns")]
pub mod mdns;
#[cfg(feature = "http")]
pub mod network;
#[cfg(feature = "http")]
mod own;
#[cfg(feature = "http")]
pub mod reserve;
#[cfg(feature = "http")]
pub mod restart;
#[cfg(feature = "http")]
pub mod server;
#[cfg(feature = "http")]
mod socket;
#[cfg_attr(not(feature = "task-names"), path = "one_task.rs")]
pub mod tasks;
#[cfg(feature = "update")]
pub mod update;

pub use lock::Lock;
#[cfg(feature = "http")]
pub use own::live_stack_start;
