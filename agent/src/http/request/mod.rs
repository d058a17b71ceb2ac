//! What a peer sends: read with bounds, and taken for a request only where nothing is in doubt.

pub(crate) mod accept;
pub(crate) mod body;
pub(crate) mod call;
#[cfg(feature = "update")]
pub(crate) mod content_range;
pub(crate) mod fields;
#[cfg(feature = "provisioning")]
pub(crate) mod form;
pub(crate) mod guard;
pub(crate) mod guesses;
mod head;
pub(crate) mod input;
mod json;
pub(crate) mod keys;
pub(crate) mod parse;
pub(crate) mod percent;
pub(crate) mod query;
pub(crate) mod target;
pub(crate) mod upgrade;
