//! What a peer is sent: made a piece at a time in bounded room, and written in one place.

pub(crate) mod chunk;
pub(crate) mod dump_page;
pub(crate) mod frame;
pub(crate) mod output;
pub(crate) mod pages;
pub(crate) mod pins_page;
#[cfg(feature = "provisioning")]
pub(crate) mod portal_page;
pub(crate) mod postmortem_page;
pub(crate) mod references_page;
pub(crate) mod reply;
