//! What the agent and the dashboard both know.
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

#[cfg(feature = "symbols")]
pub mod symbols;
