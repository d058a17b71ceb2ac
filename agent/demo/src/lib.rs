//! A workload like a firmware's, so that the tracer of a demo board has something to show.
//!
//! A sensor logger: the sensor makes JSON messages, a sender takes them from a bounded queue, a
//! small server keeps sessions and a page cache, and timers run. Nine behaviours of its heap can be
//! switched while it runs; how much each takes is the board's choice, see [`Scale`]:
//!
//! | switch | on | off | call site |
//! |---|---|---|---|
//! | `session-leak` | two blocks for every other reconnect, until the table is full and begins anew | keeps what leaked | `session::Table::open` |
//! | `cache-plateau` | a full cache of pages of 200 to 700 bytes | none | `cache::Cache::fill` |
//! | `message-churn` | 24 messages a second, none older than 0.5 s | none | `message::encode` |
//! | `config-one-off` | one large block | none | `config::load` |
//! | `fragmentation` | small blocks that stay, between holes | none | `history::History::append` |
//! | `timer-churn` | about 4 timers a second, none for longer than 1 s | none | `timer::Timers::arm` |
//! | `traffic` | what sessions and cache live on | leaves both as they are | `net::Net::step` |
//! | `lost-blocks` | three small blocks for every other reconnect that nothing leads to any more, up to a limit | keeps what is lost, for good | `lost::lose_cycle`, `lost::forget_summary` |
//! | `heap-exhaustion` | all that is left but the board's reserve; the other jobs stand still | none | `hog::Hog::take` |
//!
//! The jobs are step functions over what they own and use `alloc` alone; threads or tasks, locks
//! and a clock are the board's. Functions that a call stack should show are never inlined.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

mod cache;
mod config;
mod history;
mod hog;
mod lost;
mod message;
mod mqtt;
mod net;
mod scale;
mod sensor;
mod session;
mod switch;
mod timer;

pub use hog::Hog;
pub use message::{Message, Queue};
pub use mqtt::Mqtt;
pub use net::Net;
pub use scale::Scale;
pub use sensor::Sensor;
pub use switch::{OFFERED, SWITCHES, Switches};
pub use timer::Timers;

/// Microseconds between two steps of the [`Sensor`].
pub const SENSOR_PERIOD_US: u64 = 125_000;
/// Microseconds between two steps of the [`Net`].
pub const NET_PERIOD_US: u64 = 200_000;
/// Microseconds between two steps of the [`Mqtt`] sender.
pub const MQTT_PERIOD_US: u64 = 500_000;
/// Microseconds between two steps of the [`Timers`].
pub const TIMER_TICK_US: u64 = 100_000;
/// Microseconds between two steps of the [`Hog`].
pub const HOG_PERIOD_US: u64 = 100_000;
