//! The HTTP API, the same on every board.
//!
//! ```text
//! serve ──► exchange      one request after the other                             serve.rs, connection.rs
//!               ├──► Places             whose turn it is, and who gives way       places.rs, fairness.rs, link.rs
//!               ├──► Input::head        up to the empty line, bounded             input.rs, head.rs
//!               ├──► Order::take        what is asked, and may it be              service.rs, request.rs, target.rs
//!               │       └──► Guard      host name, origin, token                  guard.rs
//!               ├──► Tail::read         the body, to its announced end            input.rs
//!               ├──► perform            one thin function a route                 handlers.rs, body.rs, assets.rs
//!               └──► Reply::write       the one place that sends                  reply.rs, output.rs
//!                       └──► pages, dump, capture: made a chunk at a time while they are sent
//! ```
//!
//! Sockets and timers are picoserve's; what they bring is read here, by httparse and with bounds. Whatever a request has
//! announced and did not deliver ends the connection, in one place (`Tail`), so that nothing of it is
//! taken for the next request. Each refusal is `application/problem+json`, whether it was a request or not.
//! Nothing here allocates.

#![allow(
    clippy::large_enum_variant,
    clippy::result_large_err,
    reason = "there is no heap to put the large ones on"
)]

mod accept;
mod assets;
mod body;
mod chunk;
mod connection;
mod dump;
mod fairness;
mod fields;
mod guard;
mod handlers;
mod head;
mod input;
mod json;
mod limits;
mod link;
mod output;
mod pages;
mod percent;
mod places;
mod problem;
mod query;
mod reply;
mod request;
mod serve;
mod service;
mod target;
#[cfg(test)]
mod tests;

pub use guard::Guard;
pub use places::Memory;
pub(crate) use places::Places;
pub use serve::serve;
