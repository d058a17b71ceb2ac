//! What a person wants of every page of this origin, as their browser keeps it.

use leptos::prelude::window;

/// What is kept of something that is off.
const OFF: &str = "off";

/// Something that is on until somebody turns it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Devices are asked who holds their blocks.
    Scans,
}

impl Setting {
    fn key(self) -> &'static str {
        match self {
            Self::Scans => "heapbeacon-holders",
        }
    }

    /// Returns whether it is on. A browser that keeps nothing leaves everything on.
    pub fn is_on(self) -> bool {
        kept(self.key()).as_deref() != Some(OFF)
    }

    /// Keeps whether it is on.
    pub fn turn(self, is_on: bool) {
        keep(self.key(), (!is_on).then_some(OFF));
    }
}

/// Returns what this browser keeps under a key.
pub fn kept(key: &str) -> Option<String> {
    let storage = window().local_storage().ok().flatten();
    storage.and_then(|storage| storage.get_item(key).ok()?)
}

/// Keeps something under a key, or nothing any more.
pub fn keep(key: &str, value: Option<&str>) {
    if let Ok(Some(storage)) = window().local_storage() {
        // A browser that keeps nothing asks again the next time.
        let _ = match value {
            Some(value) => storage.set_item(key, value),
            None => storage.remove_item(key),
        };
    }
}
