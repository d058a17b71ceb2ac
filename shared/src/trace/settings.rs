//! What a device keeps of its users' wishes.

use serde::{Deserialize, Serialize};

use super::{Mode, Name};

/// Most triggers of a device.
pub const MAX_TRIGGERS: usize = 4;

/// A word that opens a door: a token, or the password of a network.
pub type Secret = heapless::String<64>;

/// What a device keeps of its users' wishes, from boot to boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What the device is called; empty if it is called what its firmware calls it.
    pub name: Name,
    /// Whether it traces from its next boot on.
    pub trace: BootTrace,
    /// Records of that trace; `None` for as many as the firmware takes.
    pub records: Option<u32>,
    /// Whether nobody may scan the memory for references.
    pub no_references: bool,
    /// What it does by itself.
    pub triggers: heapless::Vec<Trigger, MAX_TRIGGERS>,
    /// What nobody is shown.
    pub secrets: Secrets,
    /// Whether no line of the log is kept for post-mortems.
    pub no_log: bool,
}

impl Settings {
    /// What a device has before anybody wishes anything.
    pub const NONE: Self = Self {
        name: Name::new(),
        trace: BootTrace::Firmware,
        records: None,
        no_references: false,
        triggers: heapless::Vec::new(),
        secrets: Secrets {
            control_token: Secret::new(),
            read_token: Secret::new(),
            wifi_ssid: Name::new(),
            wifi_password: Secret::new(),
        },
        no_log: false,
    };

    /// Returns the mode in which to trace from boot on, where a firmware would take `usual`, and the records, where it has room for
    /// `max_records`: `None` is not at all, and as many as the firmware takes.
    ///
    /// ```
    /// use heapbeacon_shared::trace::{BootTrace, Mode, Settings};
    ///
    /// let settings = Settings { trace: BootTrace::All, records: Some(64), ..Settings::NONE };
    /// assert_eq!(settings.boot_trace(None, 500), (Some(Mode::All), Some(64)));
    /// // Another firmware has less room than the one that stored it.
    /// assert_eq!(settings.boot_trace(None, 63), (Some(Mode::All), None));
    /// assert_eq!(Settings::NONE.boot_trace(Some(Mode::Leaks), 500), (Some(Mode::Leaks), None));
    /// ```
    pub fn boot_trace(&self, usual: Option<Mode>, max_records: u32) -> (Option<Mode>, Option<u32>) {
        let records = self.records.filter(|records| *records <= max_records);
        (self.trace.mode(usual), records)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::NONE
    }
}

/// What nobody is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secrets {
    /// The token of whoever may change the trace or the device, instead of the firmware's; empty if that one holds.
    pub control_token: Secret,
    /// The token of whoever may only read; empty if there is none.
    pub read_token: Secret,
    /// The network that the device joins; empty for the firmware's.
    pub wifi_ssid: Name,
    /// The password of that network; empty if it has none.
    pub wifi_password: Secret,
}

/// Whether a device traces from its boot on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BootTrace {
    /// As its firmware does without settings.
    #[default]
    Firmware,
    /// Not before somebody starts it.
    Off,
    /// In leaks mode.
    Leaks,
    /// In all mode.
    All,
}

impl BootTrace {
    const fn mode(self, usual: Option<Mode>) -> Option<Mode> {
        match self {
            Self::Firmware => usual,
            Self::Off => None,
            Self::Leaks => Some(Mode::Leaks),
            Self::All => Some(Mode::All),
        }
    }
}

/// What a device does by itself, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// What has to come about.
    pub when: Condition,
    /// Bytes that it comes about at; 0 for what has none.
    pub bytes: u32,
    /// What is done then.
    pub then: Action,
}

/// What a trigger waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Less of the heap is free than so many bytes: all regions of the firmware's together, those outside the chip only
    /// where there are no others.
    FreeBelow,
    /// The largest block that could be had there has less than so many bytes.
    LargestBelow,
    /// An allocation failed.
    AllocationFailed,
    /// The blocks of a call stack that have outlived others of its own have more than so many bytes.
    OutlivedAbove,
    /// Blocks that nothing refers to any more have more than so many bytes.
    BlockLost,
}

impl Condition {
    /// Every condition.
    pub const ALL: [Self; 5] = [
        Self::FreeBelow,
        Self::LargestBelow,
        Self::AllocationFailed,
        Self::OutlivedAbove,
        Self::BlockLost,
    ];

    /// Returns its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FreeBelow => "free_below",
            Self::LargestBelow => "largest_below",
            Self::AllocationFailed => "allocation_failed",
            Self::OutlivedAbove => "outlived_above",
            Self::BlockLost => "block_lost",
        }
    }

    /// Checks whether it comes about at a number of bytes.
    pub const fn has_bytes(self) -> bool {
        !matches!(self, Self::AllocationFailed)
    }
}

/// What a trigger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing but the mark that every trigger leaves.
    Mark,
    /// Stops the trace: what it holds stays as it is.
    Freeze,
    /// Starts a trace anew in the other mode.
    SwitchMode,
    /// Restarts the device at a quiet moment.
    Restart,
    /// Keeps the state of heap and trace as a [post-mortem](super::Ending), unless one is kept already.
    Snapshot,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 5] = [
        Self::Mark,
        Self::Freeze,
        Self::SwitchMode,
        Self::Restart,
        Self::Snapshot,
    ];

    /// Returns its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::Freeze => "freeze",
            Self::SwitchMode => "switch_mode",
            Self::Restart => "restart",
            Self::Snapshot => "snapshot",
        }
    }
}
