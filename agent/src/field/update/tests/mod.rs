//! Updates on a flash in memory.

mod bad_input;
mod power;
mod rig;
mod story;
