//! What HeapBeacon's agent and dashboard both know, and nothing else.
//!
//! | module | what | needs |
//! |---|---|---|
//! | [`trace`] | the vocabulary: state, summary, call stack, record, region; names nothing else of the crate | – |
//! | [`api`] | routes and JSON bodies of the HTTP API, in one table | – |
//! | [`analysis`] | what the numbers of a trace mean: histories, verdicts, what a leak list shows, accounting | – (histories: `alloc`) |
//! | `capture` | from messages to the bodies of the API: a whole capture, or page by page | `alloc` |
//! | `export` | a capture for viewers that exist: pprof, Perfetto, Firefox Profiler, heaptrack, … | `alloc` |
//! | `report` | captures in words: what changed from one to another | `alloc` |
//! | `words` | numbers as people read them | `alloc` |
//! | [`pprof`] | the fields of a heap profile, for devices and exports | – |
//! | [`symbol_file`] | what a symbol file begins with, and its functions | – |
//! | [`update`] | what stands before a firmware image that is sent to a device | – |
//! | [`wire`] | the versioned stream of postcard messages, its encoder and decoder | – |
//! | `frames` | call stacks with names: whose code a frame is, what may be folded | `alloc` |
//! | `symbols` | ELF and DWARF, or a symbol file, to function names and source lines | `symbols` |
//!
//! # Features
#![doc = document_features::document_features!()]
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;

pub mod analysis;
pub mod api;
#[cfg(feature = "alloc")]
pub mod capture;
#[cfg(feature = "alloc")]
pub mod export;
#[cfg(feature = "alloc")]
pub mod frames;
pub mod pprof;
#[cfg(feature = "alloc")]
pub mod report;
pub mod symbol_file;
#[cfg(feature = "symbols")]
pub mod symbols;
pub mod trace;
pub mod update;
pub mod wire;
#[cfg(feature = "alloc")]
pub mod words;
