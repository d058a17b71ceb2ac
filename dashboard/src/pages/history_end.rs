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
