//! QEMU's RISC-V machine `virt` as a board: what all of its programs share.
//!
//! | module | what |
//! |---|---|
//! | [`board`] | `heapbeacon::platform::Platform` for this machine |
//! | [`heap`] | two heap regions |
//! | [`stack`] | call stacks of this image |
//! | [`clock`], [`interrupts`] | time, and what breaks in |
//! | [`flash`] | the flash chip, and the settings that are kept in it |
//! | [`update`], [`elf`], [`watchdog`] | updates: what takes them, what an image is, and what ends one that hangs |
//! | [`parameters`] | what may be written into a built image |
//! | [`keep`], `crash` | what outlives a reset, and switches that end in one |
//! | [`storm`], [`ways`] | switches that let much happen, and from many call stacks |
//! | [`virtio_net`] | the network card |
//! | [`console`] | the serial console, and how QEMU ends |
#![no_std]

extern crate alloc;

pub mod board;
pub mod clock;
pub mod console;
mod crash;
mod dma;
pub mod elf;
pub mod flash;
pub mod heap;
pub mod interrupts;
pub mod keep;
mod mmio;
pub mod parameters;
pub mod stack;
pub mod storm;
mod toggle;
pub mod update;
pub mod virtio_net;
pub mod watchdog;
pub mod ways;

pub use board::Board;
