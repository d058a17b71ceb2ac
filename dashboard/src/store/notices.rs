//! Short messages to whoever looks at the page.

use leptos::prelude::*;

/// A message that stays until it is dismissed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its number: no other notice has it.
    pub id: u32,
    /// Whether something went wrong.
    pub is_error: bool,
    /// The message, in sentences.
    pub text: String,
}

/// The notices not yet dismissed, oldest first. A handle: copies share everything.
#[derive(Clone, Copy)]
pub struct Notices(RwSignal<Vec<Notice>>);

impl Notices {
    /// Creates an empty list.
    pub fn new() -> Self {
        Self(RwSignal::default())
    }

    /// Returns all notices, and tracks them.
    pub fn get(&self) -> Vec<Notice> {
        self.0.get()
    }

    /// Shows a notice.
    pub fn show(&self, text: String) {
        self.push(false, text);
    }

    /// Shows a notice that something went wrong.
    pub fn show_error(&self, text: String) {
        self.push(true, text);
    }

    /// Appends a notice, unless one with the same text is shown already.
    fn push(&self, is_error: bool, text: String) {
        self.0.update(|notices| {
            if notices.iter().any(|notice| notice.text == text) {
                return;
            }
            let id = notices.last().map_or(0, |notice| notice.id + 1);
            notices.push(Notice { id, is_error, text });
        });
    }

    /// Removes a notice that somebody has read.
    pub fn dismiss(&self, id: u32) {
        self.retain(|notice| notice.id != id);
    }

    /// Removes all notices of errors.
    pub fn dismiss_errors(&self) {
        self.retain(|notice| !notice.is_error);
    }

    /// Removes the notice with a text that no longer holds.
    pub fn withdraw(&self, text: &str) {
        self.retain(|notice| notice.text != text);
    }

    /// Removes all notices.
    pub fn clear(&self) {
        self.0.set(Vec::new());
    }

    fn retain(&self, is_kept: impl Fn(&Notice) -> bool) {
        self.0.update(|notices| notices.retain(is_kept));
    }
}
