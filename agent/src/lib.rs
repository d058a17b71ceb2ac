//! HeapBeacon's agent: traces every allocation of a firmware and answers for it over HTTP.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod cost;
pub mod hooks;
#[cfg(feature = "http")]
pub mod http;
pub mod image;
pub mod platform;
pub mod read;
mod recorder;
pub mod reserve;
#[cfg(test)]
mod tests;
mod text;
pub mod tracer;
pub mod walk;
mod warnings;

pub use recorder::Recorder;
