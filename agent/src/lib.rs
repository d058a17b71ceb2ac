//! HeapBeacon's agent: traces every allocation of a firmware and answers for it over HTTP.
#![no_std]

pub mod dump;
pub mod hooks;
pub mod platform;
pub mod tracer;
pub mod walk;
