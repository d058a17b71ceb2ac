//! HeapBeacon's agent: traces every allocation of a firmware and answers for it over HTTP.
#![no_std]

#[cfg(test)]
extern crate std;

mod agent;
mod capture;
mod convert;
pub mod cost;
pub mod dump;
pub mod hooks;
pub mod http;
pub mod image;
pub mod platform;
mod reader;
pub mod reserve;
#[cfg(test)]
mod tests;
mod text;
pub mod tracer;
pub mod walk;
mod warnings;

pub use agent::{Agent, Asset};
