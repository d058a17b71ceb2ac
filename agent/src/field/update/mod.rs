//! Update over the air: a signed image into the slot that does not run, and back to the old one if it does not work.
//!
//! ```text
//!          begin            all bytes           read back         restart        network, one answer
//! nothing ───────> writing ──────────> checking ─────────> chosen ───────> trial ───────────────────> confirmed
//!    ^               │ │ ^                 │                                 │
//!    └───────────────┘ └─┘ resumed         └──> refused                      └──> the old image: 3 starts, or no network
//! ```
//!
//! An image comes with a [header](heapbeacon_shared::update) before it. Size, chip, version and signature, and by the board's own look at the
//! first bytes the image's form, are checked before anything is erased; its SHA-256 is read back from flash before it is chosen. Nothing that is
//! refused, and no power cut, touches the slot that runs, or the bootloader's choice of it.
//!
//! A board gives its flash and a [`Board`]; [`Installer::start`] is called as early as it can be, then [`Updater::settle`] every second until the
//! new image is confirmed, and the HTTP API does the rest (`Device::update`).
//!
//! ```
//! use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
//! use heapbeacon::field::update::{self, Installer, Lane, Layout, Rollback, Start, Update, Updater, Verdict};
//! use heapbeacon_shared::trace::{BuildId, name};
//!
//! # fn restart() {}
//! # let mut flash = heapbeacon_flash_sim::Flash::new(0x400);
//! // As in the partition table; without a bootloader that has done so, `update::chosen` says which slot runs.
//! let layout = Layout {
//!     otadata: 0xd000..0xf000,
//!     slots: [0x10000..0x200000, 0x200000..0x3f0000],
//! };
//! let running = update::chosen(&mut flash, &layout).expect("the flash is there");
//! let mut installer = Installer::new(flash, update::Board {
//!     layout,
//!     running,
//!     chip: "esp32c3",
//!     firmware: name("logger"),
//!     version: name("1.2.0"),
//!     build_id: BuildId::default(),
//!     key: [0x19; 32],
//!     rollback: Rollback::OwnStart,
//!     check: |first| update::esp_image::check(first, "esp32c3"),
//! });
//! // Before anything that may fail. A flash that does not answer is no reason not to start.
//! if installer.start() == Ok(Start::GoBack) {
//!     restart();
//! }
//! // On a device, these are statics.
//! let (installer, lane) = (Box::leak(Box::new(installer)), Box::leak(Box::new(Lane::new())));
//! let updater: &'static Updater<CriticalSectionRawMutex, _> = Box::leak(Box::new(Updater::new(installer, lane)));
//! // What `Device::update` returns.
//! let for_http: &'static dyn Update = updater;
//! // Each second, until it is settled: the time, and since when there is a network.
//! if updater.settle(1_000_000, None) == Verdict::GiveUp {
//!     restart();
//! }
//! ```
//!
//! What neither can help is an image that ends before [`Installer::start`]: where the bootloader does not go back by itself, as one that calls [`boot`] does,
//! it is started for ever.

pub mod esp_image;
mod installer;
mod lane;
mod otadata;
mod refusal;
mod session;
mod trial;
mod updater;

#[cfg(test)]
pub(crate) mod tests;

pub use installer::{Board, Installer, Layout, Rollback, Start, boot, chosen, installed};
pub use lane::{Lane, Part};
pub use otadata::ATTEMPTS;
pub use refusal::Refusal;
pub use session::Session;
pub use trial::Verdict;
pub use updater::{Update, Updater};
