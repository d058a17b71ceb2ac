//! HeapBeacon for firmware with esp-hal.
//!
//! It traces esp-alloc's heap (whose figures are those of `heapbeacon-esp-alloc`), the Wi-Fi driver's blocks included, and serves API and dashboard on an embassy-net stack.
//! `README.md` in this folder says what a firmware adds to use it; `examples/minimal` is such a firmware.
//!
//! | module | what |
//! |---|---|
//! | `server` | starts the agent's tasks |
//! | `error` | what keeps it from starting |
//! | `network` | the network stack, with room for the agent's sockets |
//! | `warnings` | what the firmware was built without |
//! | `config` | what a firmware says of itself, and who may come in |
//! | `board` | the platform |
//! | `hooks` | what esp-alloc calls |
//! | `trace` | begins the trace |
//! | `stack` | call stacks |
//! | `thread` | who runs |
//! | `device` | what the device says of itself |
#![no_std]
// Of the server's futures, which nest deeply.
#![recursion_limit = "256"]

#[cfg(not(any(feature = "esp32c3", feature = "esp32c6", feature = "esp32s3")))]
compile_error!(
    "heapbeacon-esp32 does not know which chip it is for: give it the feature that esp-hal has, as in \
     heapbeacon-esp32 = { path = \"…\", features = [\"esp32c3\"] }"
);

mod board;
mod config;
mod device;
mod error;
mod hooks;
mod network;
mod server;
mod setup;
mod stack;
mod thread;
mod trace;
mod warnings;

use core::mem::MaybeUninit;

use static_cell::ConstStaticCell;

pub use board::Board;
pub use config::{Access, Config, Console, RESERVE, print};
pub use device::set_signal;
pub use error::StartError;
pub use heapbeacon::tracer::Mode;
pub use heapbeacon_embassy::server::SOCKETS;
pub use heapbeacon_esp_alloc::{add_region, heap_allocator};
pub use network::{Network, network};
pub use server::start;
pub use trace::trace;

/// Memory for records: `WORDS` times 8 bytes, of which a record takes 24 and a call stack 152.
pub type RecordBuffer<const WORDS: usize> = ConstStaticCell<[MaybeUninit<u64>; WORDS]>;

/// Fewest words of a [`RecordBuffer`]: some 65 records and 16 call stacks.
const LEAST_WORDS: usize = 512;

/// Makes memory for records; `take` it once for [`trace`].
///
/// Less than 4 KiB do not compile: a trace of a few records shows nothing.
pub const fn record_buffer<const WORDS: usize>() -> RecordBuffer<WORDS> {
    const {
        assert!(
            WORDS >= LEAST_WORDS,
            "HeapBeacon's record buffer is too small to be of use: give it 512 words at least, better 4096, as in \
             RecordBuffer<4096>"
        );
    }
    ConstStaticCell::new([MaybeUninit::uninit(); WORDS])
}

/// Lies behind the build id and makes its section an ordinary one: see `sections.x`.
#[used]
#[unsafe(link_section = ".heapbeacon.build_id")]
static BEHIND_BUILD_ID: [u8; 4] = [0; 4];
