//! What HeapBeacon's agent and dashboard both know, and nothing else.
//!
//! | module | what | needs |
//! |---|---|---|
//! | [`api`] | routes and JSON bodies of the HTTP API, in one table | – |
//! | [`analysis`] | what the numbers of a trace mean: growth, verdicts, accounting | – (series: `alloc`) |
//! | [`wire`] | the versioned stream of postcard messages, its encoder and decoder | – |
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod analysis;
pub mod api;
pub mod wire;

/// Most frames that a call stack holds, innermost first.
pub const MAX_FRAMES: usize = 16;

/// A short text that fits where there is no heap: names of devices, tasks, regions, chips.
pub type Name = heapless::String<32>;
