//! From the tracer to somebody's format, piece by piece, while tracing goes on.
//!
//! ```text
//! tracer ──► cursors ──► stream      postcard messages: a capture, or a page of records or call stacks
//!               │            wanted: which records a reader asks for
//!               ├──────► feed        the same messages of what happens, for a host that listens
//!               ├──────► bodies      JSON bodies of the API
//!               ├──────► metrics     samples for Prometheus
//!               ├──────► pprof       a heap profile
//!               ├──────► pins        the holes of the heap, and what pins them
//!               └──────► dump        text as `heap_trace_dump` prints it
//! memory ──► references              what points into the heap, for streams and bodies
//! flash  ──► symbols                 the names of its addresses that a device holds beside its image
//!               └──────► functions   the name of a function, found there
//! ```
//!
//! Nothing here knows where the bytes go: an HTTP answer and a serial port are alike.

#![forbid(unsafe_code)]

pub(crate) mod ahead;
pub mod bodies;
pub mod cursors;
pub mod dump;
pub mod feed;
#[cfg(feature = "functions")]
pub(crate) mod functions;
pub mod leaks;
pub mod metrics;
pub(crate) mod motion;
pub mod pins;
pub mod pprof;
pub mod references;
pub mod scanner;
pub mod stream;
pub mod symbols;
pub mod wanted;
mod words;
mod writer;

pub use writer::Out;
