//! QEMU's RISC-V machine `virt` as a board: what all of its programs share.
//!
//! | module | what |
//! |---|---|
//! | [`board`] | `heapbeacon::platform::Platform` for this machine |
//! | [`heap`] | two heap regions |
//! | [`stack`] | call stacks of this image |
//! | [`clock`], [`interrupts`] | time, and what breaks in |
//! | [`flash`] | the flash chip, and the settings that are kept in it |
//! | [`keep`], `crash` | what outlives a reset, and switches that end in one |
//! | [`storm`] | a switch that lets much happen |
//! | [`virtio_net`] | the network card |
//! | [`console`] | the serial console, and how QEMU ends |
#![no_std]

extern crate alloc;

pub mod board;
pub mod clock;
pub mod console;
mod crash;
mod dma;
pub mod flash;
pub mod heap;
pub mod interrupts;
pub mod keep;
mod mmio;
pub mod stack;
pub mod storm;
pub mod virtio_net;

pub use board::Board;
