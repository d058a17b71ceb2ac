//! Asks for the blocks that were allocated in a part of the trace.

use gloo_timers::future::TimeoutFuture;
use heapbeacon_shared::api::{Record, Route, Stack};
use heapbeacon_shared::capture::{LISTED, leaks_page};
use heapbeacon_shared::report::leaks_within;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::client::ApiError;
use crate::model::records_location::RecordsLocation;
use crate::model::span::Span;
use crate::store::Store;

/// Milliseconds for which a choice has to stand before the device is asked: who holds a key down passes by many.
const SETTLED_MS: u32 = 150;

impl Store {
    /// Looks at the blocks that were allocated in a part of the trace, now and in every round from now on.
    pub fn look_within(&self, span: Span) {
        self.within.set(None);
        self.span.set(span);
        if self.is_file {
            let list = self.records.get_untracked();
            self.tell_within(&list.records, &list.stacks);
            return;
        }
        let store = *self;
        spawn_local(async move {
            TimeoutFuture::new(SETTLED_MS).await;
            if store.span.get_untracked() == span
                && let Err(error) = store.ask_within().await
            {
                store.notices.show_error(error.to_string());
            }
        });
    }

    /// Tells who holds the blocks of the part of the trace that somebody looks at, from all records of the trace.
    fn tell_within(&self, records: &[Record], stacks: &[Stack]) {
        let span = self.span.get_untracked();
        let within = self.leaks.with_untracked(|leaks| {
            let is_told = !span.is_all() && !records.is_empty();
            let page = leaks.as_ref().filter(|_| is_told)?;
            Some(leaks_within(records, stacks, &page.period, span.range()))
        });
        self.within.set(within);
    }

    /// Asks for the blocks of the part of the trace that somebody looks at, if that is not all of it.
    pub(super) async fn ask_within(&self) -> Result<(), ApiError> {
        let span = self.span.get_untracked();
        let location = untrack(|| self.records_location());
        if span.is_all() || location == RecordsLocation::None {
            return Ok(());
        }
        if location == RecordsLocation::Host {
            self.streamed
                .with_value(|streamed| self.tell_within(&streamed.records(), &streamed.stacks()));
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
