//! What a device keeps of its users' wishes, as JSON.

use serde::{Deserialize, Serialize};

use super::body::by_name;
use crate::trace::{self, Action, BootTrace, Condition, MAX_TRIGGERS, Name, Secret};

/// What a device keeps: `GET /settings`. It may be sent back as a [`SettingsRequest`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Whether anything was stored.
    pub state: SettingsState,
    /// What the device is called; empty if it is called what its firmware calls it.
    pub name: Name,
    /// Whether it traces from its next boot on.
    pub trace: BootTrace,
    /// Records of that trace; null for as many as the firmware takes.
    pub records: Option<u32>,
    /// Whether the memory may be scanned for references.
    pub references: bool,
    /// Whether the last lines of the log are kept, for a post-mortem.
    pub log: bool,
    /// What it does by itself.
    pub triggers: heapless::Vec<Trigger, MAX_TRIGGERS>,
    /// The network that it joins; empty for the firmware's.
    pub wifi_ssid: Name,
    /// Whether it has a password for that network.
    pub has_wifi_password: bool,
    /// Whether it has a token of its own for whoever may change something.
    pub has_control_token: bool,
    /// Whether it has a token for whoever may only read.
    pub has_read_token: bool,
}

/// Whether anything was stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingsState {
    /// Nothing was: all is as the firmware has it.
    #[default]
    Nothing,
    /// It was.
    Stored,
    /// It was, and can't be read: all is as the firmware has it.
    Damaged,
    /// It was, by a firmware of another version: all is as this one has it.
    Unknown,
}

/// A trigger, and what has come of it since boot.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    /// What has to come about.
    pub when: Condition,
    /// Bytes that it comes about at; 0 for what has none.
    pub bytes: u32,
    /// What is done then.
    pub then: Action,
    /// Whether it has come about, and has not ended since.
    pub is_met: bool,
    /// How often it came about.
    pub fired: u32,
    /// When it did last, in microseconds since boot.
    pub fired_us: Option<u64>,
}

/// Body of `PUT /settings`: what is absent stays as it is. All of it is checked before any of it is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsRequest {
    /// What the device is called; empty for what its firmware calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// Whether it traces from its next boot on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<OnBoot>,
    /// Records of that trace; 0 for as many as the firmware takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<u32>,
    /// Whether the memory may be scanned for references.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub references: Option<bool>,
    /// Whether the last lines of the log are kept, for a post-mortem.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<bool>,
    /// What it does by itself, instead of all that it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triggers: Option<heapless::Vec<TriggerRequest, MAX_TRIGGERS>>,
    /// The network that it joins from its next boot on; empty for the firmware's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wifi_ssid: Option<Name>,
    /// The password of that network; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wifi_password: Option<Secret>,
    /// The token of whoever may change something; empty for the firmware's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_token: Option<Secret>,
    /// The token of whoever may only read; empty for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_token: Option<Secret>,
    /// Says nothing: an answer may be sent back as it is.
    #[serde(skip_serializing)]
    pub state: Option<Name>,
    /// Says nothing, either.
    #[serde(skip_serializing)]
    pub has_wifi_password: Option<bool>,
    /// Says nothing, either.
    #[serde(skip_serializing)]
    pub has_control_token: Option<bool>,
    /// Says nothing, either.
    #[serde(skip_serializing)]
    pub has_read_token: Option<bool>,
}

/// Whether a device traces from its boot on, in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OnBoot(#[serde(deserialize_with = "by_name")] pub BootTrace);

/// A trigger in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TriggerRequest {
    /// What has to come about.
    #[serde(deserialize_with = "by_name")]
    pub when: Condition,
    /// Bytes that it comes about at; absent for what has none.
    #[serde(default)]
    pub bytes: u32,
    /// What is done then.
    #[serde(deserialize_with = "by_name")]
    pub then: Action,
    /// Says nothing: an answer may be sent back as it is.
    #[serde(skip_serializing, default)]
    pub is_met: Option<bool>,
    /// Says nothing, either.
    #[serde(skip_serializing, default)]
    pub fired: Option<u32>,
    /// Says nothing, either.
    #[serde(skip_serializing, default)]
    pub fired_us: Option<u64>,
}

impl From<TriggerRequest> for trace::Trigger {
    fn from(request: TriggerRequest) -> Self {
        Self {
            when: request.when,
            bytes: request.bytes,
            then: request.then,
        }
    }
}
