//! HeapBeacon for firmware with esp-hal.
//!
//! It traces esp-alloc's heap, the Wi-Fi driver's blocks included, and serves API and dashboard on an embassy-net stack.
//! `README.md` in this folder says what a firmware adds to use it; `examples/minimal` is such a firmware.
//!
//! | module | what |
//! |---|---|
//! | `server` | starts the agent's tasks |
//! | `config` | what a firmware says of itself, and who may come in |
//! | `board` | the platform |
//! | `hooks` | what esp-alloc calls |
//! | `heap` | regions and their figures |
//! | `stack` | call stacks |
//! | `thread` | who runs |
//! | `device` | what the device says of itself |
#![no_std]
// Of the server's futures, which nest deeply.
#![recursion_limit = "256"]

mod board;
mod config;
mod device;
mod heap;
mod hooks;
mod server;
mod stack;
mod thread;

use core::mem::MaybeUninit;

use static_cell::ConstStaticCell;

pub use board::Board;
pub use config::{Access, Config};
pub use device::set_signal;
pub use heap::add_region;
pub use heapbeacon::tracer::Mode;
pub use heapbeacon_embassy::server::SOCKETS;
pub use server::{StartError, start};

/// Memory for records: `WORDS` times 8 bytes, of which a record takes 24 and a call stack 152.
pub type RecordBuffer<const WORDS: usize> = ConstStaticCell<[MaybeUninit<u64>; WORDS]>;

/// Makes memory for records; `take` it once for [`start`].
pub const fn record_buffer<const WORDS: usize>() -> RecordBuffer<WORDS> {
    ConstStaticCell::new([MaybeUninit::uninit(); WORDS])
}

/// Lies behind the build id and makes its section an ordinary one: see `heapbeacon.x`.
#[used]
#[unsafe(link_section = ".heapbeacon.build_id")]
static BEHIND_BUILD_ID: [u8; 4] = [0; 4];
