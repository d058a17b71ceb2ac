//! The sentence above a leak list: what it shows, for whom, and how complete it is.

use heapbeacon_shared::analysis::is_recording;
use heapbeacon_shared::api::Trace;
use heapbeacon_shared::trace::Name;

use super::heap_history::Outlook;

pub(crate) mod capture;
pub(crate) mod completeness;
pub(crate) mod live;
pub(crate) mod lost;

/// How a finding is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Somebody should act.
    Bad,
    /// All is well.
    Good,
    /// There is nothing to say yet.
    #[default]
    Neutral,
}

impl Tone {
    /// Returns the class of a panel that says it.
    pub fn class(self) -> &'static str {
        match self {
            Self::Bad => "panel verdict bad",
            Self::Good => "panel verdict good",
            Self::Neutral => "panel verdict",
        }
    }
}

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Plain words.
    Text(String),
    /// The name of a function.
    Code(String),
    /// The number that matters.
    Strong(String),
}

/// What the leak list says, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// How it is meant.
    pub tone: Tone,
    /// The answer.
    pub headline: String,
    /// One line for each growing site.
    pub details: Vec<Vec<Part>>,
    /// What else there is, and whether the list is complete.
    pub facts: String,
}

/// What a leak list is seen with.
#[derive(Clone, Copy, Debug)]
pub struct View<'t> {
    /// The trace that it is of.
    pub trace: &'t Trace,
    /// When it was last watched while the trace recorded, in microseconds since boot.
    pub watched_us: Option<u64>,
    /// Call stacks that the device listed.
    pub listed: u64,
    /// Call stacks that have live blocks.
    pub total: u64,
    /// How the heap grows, whoever takes it.
    pub outlook: Outlook,
    /// Names of the heap's regions.
    pub regions: &'t [Name],
    /// For how long it is known what was allocated and freed, in microseconds.
    pub known_us: u64,
    /// Whether blocks pile up in all.
    pub piles_up: bool,
}

impl View<'_> {
    pub(super) fn is_cut(&self) -> bool {
        self.unlisted() > 0
    }

    pub(super) fn unlisted(&self) -> u64 {
        self.total.saturating_sub(self.listed)
    }

    /// Returns the microseconds that ages are told at: nothing is known of later ones.
    pub(super) fn now_us(&self) -> u64 {
        match self.watched_us {
            Some(watched_us) if !is_recording(&self.trace.summary) => watched_us,
            _ => self.trace.summary.time_us,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
