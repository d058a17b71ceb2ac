//! What follows from the answers of a device or from a capture: pure functions and plain values, which know neither
//! the browser nor a signal.

pub(crate) mod compare;
#[cfg(test)]
mod demo_tests;
pub(crate) mod earlier;
pub(crate) mod ending;
pub(crate) mod events;
pub(crate) mod finding;
pub(crate) mod flame;
pub(crate) mod heap_history;
pub(crate) mod heap_sample;
pub(crate) mod holders;
pub(crate) mod map;
pub(crate) mod palette;
pub(crate) mod passing;
pub(crate) mod past;
pub(crate) mod rates;
pub(crate) mod record_buffer;
pub(crate) mod record_list;
pub(crate) mod records_location;
pub(crate) mod sites;
pub(crate) mod span;
pub(crate) mod update;
pub(crate) mod wishes;
