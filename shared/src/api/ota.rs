//! Bodies of `/ota`.

use serde::{Deserialize, Serialize};

use crate::trace::{BuildId, Name};

/// Slots, and what comes into one: `GET /ota`, and the answer to what changes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ota {
    /// What is going on.
    pub state: OtaState,
    /// The slot that runs.
    pub running: u8,
    /// The slot that is booted next.
    pub next: u8,
    /// Who goes back to the old firmware if the new one is not confirmed.
    pub rollback: OtaRollback,
    /// The slots.
    pub slots: heapless::Vec<OtaSlot, 2>,
    /// What comes, or was broken off; null where nothing is.
    pub upload: Option<OtaUpload>,
}

/// What is going on with updates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtaState {
    /// Nothing.
    #[default]
    Idle,
    /// An image comes.
    Receiving,
    /// One was broken off, and may go on with the byte that is missing.
    Interrupted,
    /// All of it has come, and is read back.
    Checking,
    /// A new image is booted by the next restart.
    RestartNeeded,
    /// The running firmware was not confirmed yet.
    Trial,
}

/// Who goes back to the old firmware.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtaRollback {
    /// The bootloader: ESP-IDF's at the first restart, one that counts at the fourth start.
    Bootloader,
    /// The new firmware's own start, at the fourth.
    #[default]
    OwnStart,
}

/// A slot for firmware.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OtaSlot {
    /// Bytes of the longest image.
    pub size: u32,
    /// Name of the firmware; null where there is none, or it did not come over the network.
    pub firmware: Option<Name>,
    /// Its version.
    pub version: Option<Name>,
    /// Its build id.
    pub build_id: Option<BuildId>,
    /// Whether it was booted, and did not work.
    pub is_rejected: bool,
    /// Why not; null where it is not rejected.
    pub rejection: Option<OtaRejection>,
}

/// Why firmware was left for the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtaRejection {
    /// It was started as often as it may be, and each time it ended before it was confirmed: by a panic, a watchdog or a reset.
    NeverConfirmed,
    /// It had no network in five minutes.
    NoNetwork,
}

/// An image that comes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OtaUpload {
    /// Bytes that have come, header included: the upload goes on with this one.
    pub received: u32,
    /// Bytes in all.
    pub total: u32,
    /// Version of the firmware; null until its header was read.
    pub version: Option<Name>,
    /// Its build id.
    pub build_id: Option<BuildId>,
}
