//! Whether somebody can see the page.

use std::cell::Cell;

use futures::channel::oneshot;
use leptos::prelude::{document, window_event_listener_untyped};

/// Waits until the page is in a tab that somebody looks at; not at all if it is. Returns whether it had to wait.
pub(super) async fn seen() -> bool {
    let was_hidden = document().hidden();
    while document().hidden() {
        let (sender, change) = oneshot::channel();
        let sender = Cell::new(Some(sender));
        let listener = window_event_listener_untyped("visibilitychange", move |_| {
            // It may be hidden again by now: then nobody waits.
            let _ = sender.take().map(|sender| sender.send(()));
        });
        let _ = change.await;
        listener.remove();
    }
    was_hidden
}
