//! The device: its HTTP API, whether it answers, and what is asked of it and ordered from it.

pub(crate) mod client;
pub(crate) mod commands;
pub(crate) mod connection;
mod events;
mod evicted;
mod pace;
mod past;
mod poll;
mod post_mortem;
pub(crate) mod records;
pub(crate) mod retry;
pub(crate) mod scan_pace;
mod scans;
mod settings;
pub(crate) mod update;
mod visibility;
mod within;
mod wrong_frees;
