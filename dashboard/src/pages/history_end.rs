use heapbeacon_shared::trace::State;
use leptos::prelude::*;

use crate::store::Store;

/// Names the moment that the history of the call sites ends at.
pub(super) fn history_end(store: Store) -> &'static str {
    let state = store
        .trace
        .with(|trace| trace.as_ref().map(|trace| trace.summary.state));
    match state {
        _ if store.is_file => "capture",
        Some(State::Paused) => "pause",
        Some(State::Stopped) => "stop",
        _ => "now",
    }
}

/// Names the moment that the history of the heap ends at.
pub(super) fn heap_end(store: Store) -> &'static str {
    match store.is_file {
        true => "capture",
        false => "now",
    }
}

/// Returns whether there is a history of the heap: captures of older agents tell of a single moment.
pub(super) fn has_heap_history(store: Store) -> bool {
    !store.is_file || untrack(|| store.heap_history.read().has_past())
}
