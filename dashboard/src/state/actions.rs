//! What a person can make the device do.

use core::future::Future;
use std::sync::Arc;

use heapbeacon_shared::api::{
    DemoRequest, Destination, InitRequest, Mode, RecordsPage, Route, StartRequest, State, Trace,
};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::de::IgnoredAny;

use super::Store;
use super::store::RecordList;
use crate::api::ApiError;

/// Records of one page of the list.
const RECORDS_PER_PAGE: u32 = 256;

impl Store {
    /// Starts a trace, and gives it the device's record buffer first if it has none.
    pub fn start_trace(&self, mode: Mode) {
        let store = *self;
        self.run(async move {
            let client = store.client.get_value();
            if store.trace_state() == State::Uninitialised {
                let body = InitRequest {
                    destination: Destination::Standalone,
                    records: None,
                };
                client.post::<_, IgnoredAny>(Route::Init, "", &body).await?;
            }
            let trace = client
                .post(Route::Start, "", &StartRequest { mode })
                .await?;
            store.take_trace(trace);
            Ok(())
        });
    }

    /// Stops, pauses or resumes the trace.
    pub fn command(&self, route: Route) {
        let store = *self;
        self.run(async move {
            let client = store.client.get_value();
            let trace: Trace = client.command(route).await?;
            store.take_trace(trace);
            Ok(())
        });
    }

    /// Sets a switch of the demo workload.
    pub fn set_demo(&self, name: String, on: bool) {
        let store = *self;
        self.run(async move {
            let client = store.client.get_value();
            let body = DemoRequest { on };
            client
                .post::<_, IgnoredAny>(Route::DemoSwitch, &name, &body)
                .await?;
            store.ask_demo().await
        });
    }

    /// Reads all records, page by page.
    pub fn load_records(&self) {
        let store = *self;
        if store.records_loading.get_untracked().is_some() {
            return;
        }
        store.records_loading.set(Some(0));
        self.run(async move {
            let outcome = store.read_records().await;
            store.records_loading.set(None);
            store.records.set(Arc::new(outcome?));
            Ok(())
        });
    }

    async fn read_records(&self) -> Result<RecordList, ApiError> {
        let client = self.client.get_value();
        let mut list = RecordList::default();
        let mut after = None;
        loop {
            let after_text = after.map_or_else(String::new, |seq: u64| format!("&after={seq}"));
            let query = format!("?limit={RECORDS_PER_PAGE}{after_text}");
            let page: RecordsPage = client.get(Route::Records, &query).await?;
            list.records.extend(page.records);
            list.stacks.extend(page.stacks);
            self.records_loading.set(Some(list.records.len()));
            after = page.next;
            if after.is_none() {
                let newest = list.records.iter().map(|record| record.time_us).max();
                let polled = self
                    .trace
                    .with_untracked(|trace| trace.as_ref().map(|it| it.time_us));
                list.read_us = newest.max(polled).unwrap_or(0);
                return Ok(list);
            }
        }
    }

    fn trace_state(&self) -> State {
        self.trace
            .with_untracked(|trace| trace.as_ref().map_or(State::Uninitialised, |t| t.state))
    }

    /// Runs a command; what goes wrong is told.
    fn run(&self, command: impl Future<Output = Result<(), ApiError>> + 'static) {
        let store = *self;
        store.busy.set(true);
        spawn_local(async move {
            if let Err(error) = command.await {
                store.tell(true, error.to_string());
            }
            store.busy.set(false);
        });
    }
}
