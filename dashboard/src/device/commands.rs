//! What a person can have the device do.

use core::future::Future;
use std::sync::Arc;

use heapbeacon_shared::api::{DemoRequest, InitRequest, MarkRequest, Route, StartRequest};
use heapbeacon_shared::trace::{Destination, Mode, State, name};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Serialize;

use super::client::ApiError;
use super::records::{Reading, Step};
use crate::model::record_buffer::more_records;
use crate::model::record_list::RecordList;
use crate::store::Store;

/// Most times that records are read, because another trace begins each time.
const MOST_READINGS: u32 = 4;

/// A request: where it is posted, what takes the place of `{}` there, and the body.
type Command = (Route, String, String);

impl Store {
    /// Starts a trace, and allots the device's record buffer first if there is none yet, or one with too few records.
    pub fn start_trace(&self, mode: Mode) {
        let more = self
            .trace
            .with_untracked(|trace| trace.as_ref().and_then(more_records));
        self.send(match (self.trace_state(), more) {
            (State::Uninitialised, _) => vec![init_standalone(None), start(mode)],
            (State::Stopped, Some(_)) => vec![init_standalone(more), start(mode)],
            _ => vec![start(mode)],
        });
    }

    /// Starts a trace in leaks mode whose records stay on the device, where events went to a host before.
    pub fn record_on_device(&self) {
        let mut commands = vec![init_standalone(None), start(Mode::Leaks)];
        if matches!(self.trace_state(), State::Recording | State::Paused) {
            commands.insert(0, (Route::Stop, String::new(), String::new()));
        }
        self.send(commands);
    }

    /// Stops, pauses or resumes the trace.
    pub fn command(&self, route: Route) {
        self.send(vec![(route, String::new(), String::new())]);
    }

    /// Sets a switch of the demo workload.
    pub fn set_demo(&self, name: String, on: bool) {
        self.send(vec![request(Route::DemoSwitch, name, &DemoRequest { on })]);
    }

    /// Names this moment.
    pub fn mark(&self, text: String) {
        let name = name(&text);
        let (route, parameter, body) = request(Route::Mark, String::new(), &MarkRequest { name });
        let store = *self;
        self.run(async move {
            let client = store.client.get_value();
            client.post(route, &parameter, &body).await?;
            store.ask_marks().await
        });
    }

    /// Sends commands one after the other, and then asks for the state of the trace and the switches.
    fn send(&self, commands: Vec<Command>) {
        let store = *self;
        self.run(async move {
            let client = store.client.get_value();
            for (route, parameter, body) in commands {
                client.post(route, &parameter, &body).await?;
            }
            store.ask_trace().await?;
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
            let outcome = match untrack(|| store.is_told_all()) {
                true => Ok(store.streamed_records()),
                false => store.read_records().await,
            };
            store.records_loading.set(None);
            let list = outcome?;
            // What the regions have handed out is to be of the same moment.
            store.ask_heap().await?;
            store.records.set(Arc::new(list));
            store.learn_all().await;
            Ok(())
        });
    }

    /// Returns the records that events have told.
    fn streamed_records(&self) -> RecordList {
        let trace = self.trace.read_untracked();
        self.streamed.with_value(|streamed| RecordList {
            trace_id: trace.as_ref().map_or(0, |trace| trace.trace_id),
            records: streamed.records(),
            stacks: streamed.stacks(),
            read_us: self.clock.get_value().later(0),
        })
    }

    /// Reads the records of one trace: from the start again if another one begins meanwhile.
    async fn read_records(&self) -> Result<RecordList, ApiError> {
        for _ in 0..MOST_READINGS {
            let Some(list) = self.read_pages().await? else {
                continue;
            };
            if !self.follows(list.trace_id) {
                self.ask_trace().await?;
            }
            // Whoever is behind, the list or what is known of the device, has caught up, or reads again.
            if self.follows(list.trace_id) {
                return Ok(list);
            }
        }
        Err(ApiError::Restarted)
    }

    /// Reads all pages; nothing if they are not all of one trace.
    async fn read_pages(&self) -> Result<Option<RecordList>, ApiError> {
        let client = self.client.get_value();
        // What was allocated since the last poll belongs to the list, too.
        self.ask_trace().await?;
        // Sequence numbers are times. While pages are read there are new records: they may wait.
        let mut reading = Reading::new(self.polled_us());
        loop {
            let page = client.messages(Route::Records, &reading.query()).await?;
            match reading.take(&page)? {
                Step::More => self.records_loading.set(Some(reading.records())),
                Step::Done => return Ok(Some(reading.finish(self.polled_us()))),
                Step::OtherTrace => return Ok(None),
            }
        }
    }

    /// Returns when the trace was last asked for, in microseconds since boot.
    fn polled_us(&self) -> u64 {
        let trace = self.trace.read_untracked();
        trace.as_ref().map_or(0, |trace| trace.summary.time_us)
    }

    /// Returns whether this is the trace that the page follows.
    fn follows(&self, trace_id: u32) -> bool {
        let trace = self.trace.read_untracked();
        trace
            .as_ref()
            .is_some_and(|trace| trace.trace_id == trace_id)
    }

    fn trace_state(&self) -> State {
        self.trace.with_untracked(|trace| {
            trace
                .as_ref()
                .map_or(State::Uninitialised, |t| t.summary.state)
        })
    }

    /// Runs a command, and shows a notice if it fails.
    pub(super) fn run(&self, command: impl Future<Output = Result<(), ApiError>> + 'static) {
        let store = *self;
        store.busy.set(true);
        spawn_local(async move {
            if let Err(error) = command.await {
                store.notices.show_error(error.to_string());
            }
            store.busy.set(false);
        });
    }
}

/// Allots the device's record buffer, for so many records or the usual number.
fn init_standalone(records: Option<u32>) -> Command {
    let destination = Destination::Standalone;
    let init = InitRequest {
        destination,
        records,
    };
    request(Route::Init, String::new(), &init)
}

fn start(mode: Mode) -> Command {
    request(Route::Start, String::new(), &StartRequest { mode })
}

fn request(route: Route, parameter: String, body: &impl Serialize) -> Command {
    // Bodies are plain structures: there is always JSON for them.
    let body = serde_json::to_string(body).unwrap_or_default();
    (route, parameter, body)
}
