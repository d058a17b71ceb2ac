use leptos::prelude::*;

use crate::model::finding::completeness::gaps;
use crate::model::map::words::lost_words;
use crate::store::Store;

/// Says what was lost of the records as they were read; empty where nothing was.
pub(super) fn lost_of_records(store: Store) -> String {
    // As it was when the records were read.
    store.records.track();
    let (trace, following) = (
        store.trace.read_untracked(),
        store.following.read_untracked(),
    );
    let evicted = trace.as_ref().map_or(0, |trace| trace.summary.evicted_live);
    let dropped = match following.as_ref() {
        // A snapshot tells all again.
        Some(following) if following.is_complete => 0,
        Some(following) => following.dropped,
        None => trace.as_ref().map_or(0, |trace| trace.summary.dropped),
    };
    lost_words(evicted, dropped)
}

/// Says, too, what has no record because nothing was recorded for a while.
pub(super) fn missing_of_records(store: Store) -> String {
    let lost = lost_of_records(store);
    let trace = store.trace.read_untracked();
    let gaps = trace.as_ref().map(gaps).unwrap_or_default();
    format!("{lost} {}", gaps.join(" ")).trim().to_owned()
}
