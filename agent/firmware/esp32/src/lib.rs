//! HeapBeacon for firmware with esp-hal.
//!
//! It traces esp-alloc's heap (whose figures are those of `heapbeacon-esp-alloc`), the Wi-Fi driver's blocks included, and
//! serves API and dashboard on an embassy-net stack. The [README](https://crates.io/crates/heapbeacon-esp32) says what a
//! firmware adds to use it. In short, in `main`:
//!
//! ```ignore
//! use heapbeacon_esp32::{Backlog, Mode, RecordBuffer, SOCKETS, record_buffer};
//!
//! static RECORDS: RecordBuffer<4096> = record_buffer();
//! static RESOURCES: StaticCell<StackResources<{ 3 + SOCKETS }>> = StaticCell::new();
//!
//! heapbeacon_esp32::trace(RECORDS.take(), Some(Mode::Leaks)).unwrap();
//! heapbeacon_esp32::heap_allocator!(#[ram(reclaimed)] size: 64 * 1024);
//! let (network, runner) = heapbeacon_esp32::network(driver, config, resources, seed);
//! heapbeacon_esp32::start(spawner, network, heapbeacon_esp32::config!()).unwrap();
//!
//! #[embassy_executor::task]
//! async fn run_network(mut runner: Runner<'static, Backlog<Interface>>) {
//!     runner.run().await
//! }
//! ```
//!
//! # Features
#![doc = document_features::document_features!()]
//!
//! # Inside
//! | module | what |
//! |---|---|
//! | `server` | starts the agent's tasks |
//! | `error` | what keeps it from starting |
//! | `network` | the network stack, with room for the agent's sockets |
//! | `warnings` | what the firmware was built without |
//! | `config` | what a firmware says of itself, and who may come in |
//! | `board` | the platform |
//! | `hooks` | what esp-alloc calls |
//! | `trace` | begins the trace, and hands it out |
//! | `records` | memory for records |
//! | `stack` | call stacks |
//! | `thread` | who runs |
//! | `keep`, `panic` | what outlives a reset, and what a panic leaves there |
//! | `provisioning` | a network for a device that has none |
//! | `radio` | esp-radio as what it joins networks with |
//! | `settings` | what users wish of it, in a partition of its flash |
//! | `symbols` | names of its addresses, in a partition of its flash |
//! | `update` | new firmware, over the air |
//! | `device` | what the device says of itself |
#![no_std]
// Of the server's futures, which nest deeply.
#![recursion_limit = "256"]

#[cfg(not(any(
    feature = "esp32c2",
    feature = "esp32c3",
    feature = "esp32c5",
    feature = "esp32c6",
    feature = "esp32c61",
    feature = "esp32s3"
)))]
compile_error!(
    "heapbeacon-esp32 does not know which chip it is for: give it the feature that esp-hal has, as in \
     heapbeacon-esp32 = { version = \"0.1\", features = [\"esp32c3\"] }"
);

mod board;
#[cfg(feature = "http")]
mod config;
#[cfg(feature = "http")]
mod device;
mod error;
#[cfg(any(feature = "http", feature = "tracing"))]
mod hooks;
#[cfg(feature = "postmortem")]
mod keep;
#[cfg(feature = "http")]
mod network;
#[cfg(feature = "postmortem")]
mod panic;
#[cfg(feature = "provisioning")]
pub mod provisioning;
#[cfg(feature = "provisioning")]
mod radio;
mod records;
#[cfg(feature = "http")]
mod roots;
#[cfg(feature = "http")]
mod server;
#[cfg(feature = "settings")]
mod settings;
#[cfg(feature = "http")]
mod setup;
mod stack;
#[cfg(feature = "symbols")]
mod symbols;
mod thread;
mod trace;
#[cfg(feature = "update")]
mod update;
#[cfg(feature = "http")]
mod warnings;

pub use board::Board;
#[cfg(feature = "http")]
pub use config::{Access, Config, Console, RESERVE, print};
#[cfg(feature = "http")]
pub use device::{set_signal, set_time_of_day};
pub use error::StartError;
pub use heapbeacon::mark;
pub use heapbeacon::symbol_room;
pub use heapbeacon::tracer::Mode;
pub use heapbeacon_esp_alloc::{add_region, heap_allocator};
#[cfg(feature = "http")]
pub use network::{Backlog, Network, SOCKETS, network};
#[cfg(feature = "postmortem")]
pub use panic::{log, note_panic};
pub use records::{RecordBuffer, record_buffer};
#[cfg(feature = "http")]
pub use server::start;
#[cfg(feature = "settings")]
pub use settings::{SettingsError, settings, wished_network};
#[cfg(feature = "symbols")]
pub use symbols::{SymbolsError, symbols};
pub use trace::{dump, trace, tracer};
#[cfg(feature = "update")]
pub use update::{UpdateError, update};

/// Lies behind the build id and makes its section an ordinary one: see `sections.x`.
#[used]
#[unsafe(link_section = ".heapbeacon.build_id")]
static BEHIND_BUILD_ID: [u8; 4] = [0; 4];
