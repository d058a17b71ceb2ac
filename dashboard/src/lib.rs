//! HeapBeacon's page: who holds the heap of a device, live, in a browser.
//!
//! | module | what |
//! |---|---|
//! | [`api`], [`retry`] | the agent's HTTP API, typed |
//! | [`state`] | the last answers, their history, what follows from them |
//! | [`naming`] | names of call stacks |
//! | [`pages`], [`shell`] | what a person sees |
//! | [`components`], [`charts`] | what it is made of |
//! | [`mod@format`], [`cut`], [`location`] | numbers and the ends of call stacks as text; what the address bar says |

#![forbid(unsafe_code)]
#![expect(
    unreachable_pub,
    reason = "#[component] makes public functions, wherever they stand"
)]

pub mod api;
pub mod charts;
pub mod components;
pub mod cut;
pub mod format;
pub mod location;
pub mod naming;
pub mod pages;
pub mod retry;
pub mod save;
pub mod shell;
pub mod state;

pub use shell::App;
