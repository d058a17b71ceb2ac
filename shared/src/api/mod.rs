//! Routes and JSON bodies of the HTTP API, the same types on both sides of the connection.
//!
//! Every body is bounded and needs no heap, so that the agent can answer with its heap exhausted.
//! Field names are ESP-IDF's where it has one. Addresses are hexadecimal strings, sizes are bytes,
//! times are microseconds since boot unless a field's name says otherwise.

mod body;
pub mod discovery;
mod method;
mod ota;
#[cfg(feature = "alloc")]
mod pages;
mod pins;
mod regions;
mod route;
mod settings;
mod warning;

pub use body::*;
pub use method::{Method, Methods};
pub use ota::{Ota, OtaRejection, OtaRollback, OtaSlot, OtaState, OtaUpload};
#[cfg(feature = "alloc")]
pub use pages::{
    HeapHistory, LeaksPage, MarksPage, PinnedRegion, PinsPage, RecordsPage, ReferencesPage,
    StacksPage,
};
pub use pins::{Block, Hole, Pin, Pinning, RegionSums};
pub use route::{
    Access, Answer, Body, EVENTS_PROTOCOL, Endpoint, JSON_MIME, METRICS_MIME, POSTCARD_MIME,
    PREFIX, PROBLEM_MIME, Route, TOKEN_PROTOCOL,
};
pub use settings::{OnBoot, Settings, SettingsRequest, SettingsState, Trigger, TriggerRequest};
pub use warning::Warning;
