//! How a verdict is shown.

use heapbeacon_shared::analysis::Standing;
use heapbeacon_shared::trace::Kind;

use crate::model::sites::Site;

/// How a verdict is shown.
pub(super) struct Sign {
    /// Its colour.
    pub(super) class: &'static str,
    /// The word for it.
    pub(super) word: &'static str,
    /// What that means, in a sentence.
    pub(super) meaning: &'static str,
}

/// Returns how the verdict of a site is shown.
pub(super) fn sign(site: &Site, is_file: bool) -> Sign {
    let judgement = &site.judgement;
    let (class, word, meaning) = match (judgement.standing(), judgement.kind()) {
        _ if site.lost.count > 0 => (
            "bad",
            "lost",
            "Nothing refers to some of its blocks any more, so no code can free them",
        ),
        _ if is_file && judgement.told.is_none() => (
            "neutral",
            "unknown",
            "A capture is one moment, and nothing in this one says what these blocks do",
        ),
        (Standing::Leaking, Kind::QueueGrows) => (
            "bad",
            "queue grows",
            "Every block is freed in the end, but ever more of them wait for it",
        ),
        (Standing::Leaking, _) if judgement.is_known => {
            ("bad", "leaking", "Blocks pile up that nobody frees")
        }
        (Standing::Leaking, _) => (
            "neutral",
            "leaking?",
            "Blocks may pile up: they live longer than their records, so whether they are freed can't be told",
        ),
        (Standing::Suspected, _) => (
            "neutral",
            "leaking?",
            "Blocks pile up: a leak, or something that still fills up",
        ),
        (Standing::Stopped, _) => (
            "neutral",
            "stopped",
            "It leaked. No more is added, and what leaked is still held",
        ),
        (_, Kind::TooEarly) => ("neutral", "too early", "Too little data for a verdict"),
        (_, Kind::Filling | Kind::Leaking | Kind::Lost | Kind::QueueGrows) => (
            "neutral",
            "filling",
            "Blocks are kept, ever fewer of them or for too short a time to call that a leak",
        ),
        (_, Kind::GrowsInPlace) => (
            "neutral",
            "grows in place",
            "A few blocks become ever larger by reallocation",
        ),
        (_, Kind::Plateau) => (
            "good",
            "plateau",
            "Many blocks are held, but no more than before",
        ),
        (_, Kind::InFlight) => ("info", "in flight", "Blocks come and go"),
        (_, Kind::OneOff) => (
            "neutral",
            "one-off",
            "A few blocks that were allocated once and stay",
        ),
    };
    Sign {
        class,
        word,
        meaning,
    }
}
