//! What a device is to do on its own, far from whoever uses it.
//!
//! | module | what |
//! |---|---|
//! | [`settings`] | what users wish of a device, kept from boot to boot |
//! | `flash` | keeps settings in flash (feature `flash`) |
//! | [`triggers`] | what a device does by itself when its heap runs low |

#![forbid(unsafe_code)]

#[cfg(feature = "flash")]
pub mod flash;
pub mod settings;
pub mod triggers;
mod watched;
