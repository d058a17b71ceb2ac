//! What a device needs where nobody can reach it but over the network.
//!
//! | module | what |
//! |---|---|
//! | `provisioning` | a network for a device that has none (feature `provisioning`) |
//! | [`settings`] | what users wish of a device, kept from boot to boot |
//! | `flash` | keeps settings in flash (feature `flash`) |
//! | [`triggers`] | what a device does by itself when its heap runs low |
//! | `update` | new firmware over the network (feature `update`) |

#![forbid(unsafe_code)]

#[cfg(feature = "flash")]
pub mod flash;
mod lost;
#[cfg(feature = "provisioning")]
pub mod provisioning;
mod seek;
pub mod settings;
pub mod triggers;
#[cfg(feature = "update")]
pub mod update;
mod watched;
