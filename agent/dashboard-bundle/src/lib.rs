#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

use heapbeacon::http::Asset;

/// The files of the dashboard, compressed with gzip; sorted by path.
///
/// Empty in a clone of the repository in which `cargo xtask build dashboard` did not run yet.
#[cfg(packed)]
pub static ASSETS: &[Asset] = include!("../files/assets.rs");

/// The files of the dashboard: none, because it was not built in this clone.
#[cfg(not(packed))]
pub static ASSETS: &[Asset] = &[];
