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
//! What neither can help is an image that ends before [`Installer::start`]: where the bootloader does not roll back by itself, it is started for ever.

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

pub use installer::{Board, Installer, Layout, Rollback, Start, chosen, installed};
pub use lane::{Lane, Part};
pub use otadata::ATTEMPTS;
pub use refusal::Refusal;
pub use session::Session;
pub use trial::Verdict;
pub use updater::{Update, Updater};
