//! Updates on a flash in memory.

mod bad_input;
mod bootloader;
mod power;
pub(crate) mod rig;
mod story;
