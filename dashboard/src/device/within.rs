//! Asks for the blocks that were allocated in a part of the trace.

use heapbeacon_shared::api::Route;
use heapbeacon_shared::capture::{LISTED, leaks_page};
use leptos::prelude::*;

use super::client::ApiError;
use crate::model::span::Span;
use crate::store::Store;

impl Store {
    /// Looks at the blocks that were allocated in a part of the trace, now and in every round from now on.
    pub fn look_within(&self, span: Span) {
        self.within.set(None);
        self.span.set(span);
        // A file has no device to ask: what its records tell, pages take from those.
        if self.is_file {
            return;
        }
        let store = *self;
        self.run(async move { store.ask_within().await });
    }

    /// Asks for the blocks of the part of the trace that somebody looks at, if that is not all of it.
    pub(super) async fn ask_within(&self) -> Result<(), ApiError> {
        let span = self.span.get_untracked();
        if span.is_all() || !untrack(|| self.has_records()) {
            return Ok(());
        }
        let client = self.client.get_value();
        let query = format!("?limit={LISTED}{}", span.query());
        let bytes = client.messages(Route::Leaks, &query).await?;
        let page = leaks_page(&bytes)?;
        let leaks = page.iter().flat_map(|page| &page.leaks);
        let stacks = leaks.map(|leak| &leak.stack);
        self.learn(self.names.with_value(|names| names.wanted(stacks, [])))
            .await;
        // Somebody may look at another part by now.
        if span == self.span.get_untracked() {
            self.within.set(page);
        }
        Ok(())
    }
}
