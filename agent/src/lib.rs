//! A heap tracer for firmware: it records every allocation and free with its call stack, and answers over HTTP who holds
//! the heap.
//!
//! For an ESP32, [`heapbeacon-esp32`](https://crates.io/crates/heapbeacon-esp32) has all of it in eleven lines. This crate is what
//! it is made of, for any other board: `no_std`, without a heap of its own, and without a crate of any chip.
//!
//! # Layers
//! Each knows only those above it.
//!
//! | layer | what |
//! |---|---|
//! | [`tracer`] | the state machine, the records and the call stacks: what `heap_trace_*` is in ESP-IDF |
//! | [`platform`] | what a board brings: [`Platform`](platform::Platform) for the tracer, [`Device`](platform::Device) for its readers |
//! | [`hooks`], [`walk`] | from an allocator to the tracer ([`TracedHeap`](hooks::TracedHeap)), and from a frame pointer to a call stack |
//! | [`Recorder`] | owns the record buffer, and chooses where records go |
//! | [`read`] | from the tracer to JSON, postcard or text, a few records at a time |
//! | `http` | the HTTP API and the dashboard's files: `http::serve` for each connection (feature `http`) |
//!
//! Beside them are [`memory`], what a board lists for scans that tell who holds a block; [`reserve`], which holds some of the
//! heap back for the moment when it is full; [`cost`], what tracing costs; [`marks`], moments that firmware or a person has
//! [named](mark!); [`history`], how full the heap was since boot;
//! [`postmortem`], what is left of a boot that ended badly; [`field`], what a device does on its own; `mdns`, which says in its network where it is; and [`image`], the build id that ties a trace to an ELF.
//!
//! # To give a board an agent
//! 1. Implement [`Platform`](platform::Platform) and [`Device`](platform::Device) for an empty enum.
//! 2. Wrap the heap in a [`TracedHeap`](hooks::TracedHeap), or call the functions of [`hooks`] from the allocator's own.
//! 3. Give a static buffer to a [`Recorder`], and start the tracer. [`read::dump::dump`] writes the trace as text, and
//!    that may be all.
//! 4. For the API, put the recorder into an `http::Server`, and call `http::serve` for each connection.
//!    [`heapbeacon-dashboard-bundle`](https://crates.io/crates/heapbeacon-dashboard-bundle) has the dashboard's files.
//!
//! Each of these has an example where it is described.
//!
//! # Features
#![doc = document_features::document_features!()]
#![no_std]

#[cfg(test)]
extern crate std;

mod black_box;
pub mod cost;
pub mod field;
pub mod history;
pub mod hooks;
#[cfg(feature = "http")]
pub mod http;
pub mod image;
mod mark;
pub mod marks;
#[cfg(feature = "mdns")]
pub mod mdns;
pub mod memory;
mod place;
pub mod platform;
pub mod postmortem;
pub mod read;
mod recorder;
pub mod reserve;
mod sample;
pub mod symbols;
#[cfg(test)]
mod tests;
mod text;
pub mod tracer;
pub mod walk;
mod warnings;

#[doc(hidden)]
pub use mark::_heapbeacon_mark;
pub use mark::mark;
pub use recorder::Recorder;
pub use sample::sample;
