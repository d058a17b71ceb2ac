//! A workload like a firmware's, so that the tracer of the host board has something to show.
//!
//! A sensor logger: the sensor makes JSON messages, a sender takes them from a bounded queue, a
//! small server keeps sessions and a page cache, and timers run. Five behaviours of its heap can be
//! switched while it runs:
//!
//! | switch | on | off | call site |
//! |---|---|---|---|
//! | `session-leak` | about 5 blocks a second, to 8,192 sessions | keeps what leaked | `session::Table::open` |
//! | `cache-plateau` | 128 pages, about 60 KiB | none | `cache::Cache::fill` |
//! | `message-churn` | 24 messages a second, none older than 0.5 s | none | `message::encode` |
//! | `config-one-off` | one block of 64 KiB | none | `config::load` |
//! | `fragmentation` | 256 small blocks that stay, between holes | none | `history::History::append` |
//!
//! The jobs are step functions over what they own and use `alloc` alone; only `runner` needs
//! threads, locks and a clock. Functions that a call stack should show are never inlined.

mod cache;
mod config;
mod history;
mod message;
mod mqtt;
mod net;
mod runner;
mod sensor;
mod session;
mod switch;
mod timer;

pub(crate) use runner::{run_steps, start};
pub(crate) use switch::Switch;

/// Returns the switches of the workload, always the same ones in the same order.
pub(crate) fn switches() -> &'static [Switch] {
    switch::SWITCHES.as_slice()
}
