//! ESP-IDF's heap tracing calls for C, recorded by [HeapBeacon](https://crates.io/crates/heapbeacon).
//!
//! It is a static library for C programs: `include/esp_heap_trace.h` has its calls and says where they differ from ESP-IDF's,
//! `include/heapbeacon_port.h` what a firmware brings, and the README how to link it. In Rust, use `heapbeacon` itself.
//!
//! | module | what |
//! |---|---|
//! | `calls` | the calls, with C's types |
//! | `record`, `dump` | a record as C has it, and all of them as text |
//! | `lend` | the memory that C lends to the tracer |
//! | `hooks` | what an allocator calls |
//! | `board` | the port as a `heapbeacon::platform::Platform` |
//! | `port` | the port's functions |
//!
//! Only what crosses over to C is `unsafe`: functions that take its pointers, and the walk over its stack.
//!
//! # Features
#![doc = document_features::document_features!()]
#![cfg_attr(target_os = "none", no_std)]

mod board;
mod calls;
mod dump;
mod hooks;
mod lend;
mod port;
mod record;
#[cfg(all(target_os = "none", feature = "runtime"))]
mod runtime;

pub use calls::*;
pub use hooks::*;
pub use record::Head;
