//! HeapBeacon's page: who holds the heap of a device, live, in a browser.
//!
//! | module | what |
//! |---|---|
//! | [`pages`], [`shell`] | what a person sees |
//! | [`components`], [`charts`] | what it is made of |
//! | [`device`] | the agent's HTTP API: the client, the poll and the commands |
//! | [`store`] | the signals that pages read, of a device or of a capture file |
//! | [`later`] | what is no part of the program, and is loaded once it is shown |
//! | [`symbols`], [`files`] | names of call stacks; files that are opened and saved |
//! | [`model`] | what follows from answers |
//! | [`mod@format`], [`location`] | numbers as text; the page and the device in the address bar |

#![forbid(unsafe_code)]
#![expect(
    unreachable_pub,
    reason = "#[component] makes public functions, wherever they stand"
)]

#[cfg(test)]
#[path = "../../shared/tests/capture/messages.rs"]
#[expect(dead_code, reason = "most are read in the tests of the library only")]
mod capture_messages;
pub mod charts;
pub mod components;
pub mod device;
pub mod files;
pub mod format;
pub mod later;
pub mod location;
pub mod model;
pub mod pages;
pub mod shell;
pub mod store;
pub mod symbols;

pub use shell::App;
