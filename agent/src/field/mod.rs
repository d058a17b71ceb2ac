//! What a device needs where nobody can reach it but over the network. Generic over storage.

#[cfg(feature = "update")]
pub mod update;
