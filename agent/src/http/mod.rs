//! The HTTP API, the same on every board.
//!
//! ```text
//! connection   serve ──► exchange        one request after the other
//!                  ├──► slots            whose turn it is, and who is closed to make room
//!                  ├──► request          Input::head ► Order::take (service) ► Guard::admit ► Tail::read
//!                  ├──► handlers         one thin function a route; assets for the dashboard's files
//!                  └──► answer           Reply::write, the one place that sends: pages, dump and captures a chunk at a time
//! ```
//!
//! Each layer names only those below it: `limits`, `link` and `problem`, then `request` and `answer`, `slots`, [`Server`],
//! `handlers`, `service`, `connection`.
//!
//! Sockets and timers are picoserve's; what they bring is read here, by httparse and with bounds. Whatever a request has
//! announced and did not deliver ends the connection, in one place (`Tail`), so that nothing of it is
//! taken for the next request. Each refusal is `application/problem+json`, whether it was a request or not.
//! Nothing here allocates.

#![forbid(unsafe_code)]
#![allow(
    clippy::large_enum_variant,
    clippy::result_large_err,
    reason = "there is no heap to put the large ones on"
)]

mod answer;
mod assets;
mod backlog;
mod connection;
mod field;
mod handlers;
mod limits;
mod link;
#[cfg(feature = "provisioning")]
mod portal;
mod problem;
mod request;
mod server;
mod service;
mod settings;
mod slots;
#[cfg(test)]
mod tests;

pub use assets::Asset;
pub use backlog::{Backlog, Door, Peer};
pub use connection::serve;
#[cfg(feature = "provisioning")]
pub use connection::serve_guest;
pub use request::guard::Guard;
pub use server::Server;
pub use slots::Memory;
