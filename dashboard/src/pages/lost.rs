use leptos::prelude::*;

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
