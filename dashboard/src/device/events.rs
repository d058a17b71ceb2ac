//! The event connection: while the events of the trace go to a host, this page is one.

use std::sync::Arc;

use futures::{FutureExt, SinkExt, StreamExt, select};
use gloo_net::websocket::Message;
use gloo_net::websocket::futures::WebSocket;
use gloo_timers::future::TimeoutFuture;
use heapbeacon_shared::api::{EVENTS_PROTOCOL, EventsRequest, Route};
use heapbeacon_shared::capture::Streamed;
use heapbeacon_shared::trace::Destination;
use heapbeacon_shared::wire::Decoder;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::visibility::seen;
use crate::model::passing::{Following, LOOKED_AT, Passing};
use crate::model::records_location::RecordsLocation;
use crate::store::Store;
use crate::store::clock::now_ms;
use crate::store::tape::Tape;

/// Milliseconds between two looks at whether there are events to follow, and before a connection that broke is tried again.
const PAUSE_MS: u32 = 1_000;
/// Milliseconds between two times that what was told is shown.
const SHOWN_MS: f64 = 500.0;

impl Store {
    /// Follows the events of every trace that goes to a host, for as long as the page is open.
    pub(super) fn follow_events(&self) {
        let store = *self;
        spawn_local(async move {
            loop {
                seen().await;
                if store.has_events() {
                    store.follow_connection().await;
                }
                store.following.update(|following| {
                    if let Some(following) = following {
                        following.is_open = false;
                    }
                });
                TimeoutFuture::new(PAUSE_MS).await;
            }
        });
    }

    /// Returns whether the trace tells hosts of events.
    pub(crate) fn has_events(&self) -> bool {
        let to_host = Some(Destination::ToHost);
        let trace = self.trace.read_untracked();
        let trace = trace.as_ref();
        trace.is_some_and(|trace| trace.summary.destination == to_host)
    }

    /// Follows events until the connection breaks, or there are none any more.
    async fn follow_connection(&self) {
        let Some(mut socket) = self.open_events().await else {
            return;
        };
        let mut decoder = Decoder::new();
        self.streamed.set_value(Streamed::default());
        self.tape.set_value(Tape::default());
        let (mut shown_ms, mut is_shown) = (0.0, true);
        while self.has_events() {
            let mut silence = TimeoutFuture::new(PAUSE_MS).fuse();
            let frame = select! {
                frame = socket.next().fuse() => frame,
                () = silence => {
                    // The last that was told before it.
                    if !is_shown {
                        self.show_streamed().await;
                        is_shown = true;
                    }
                    continue;
                }
            };
            let Some(Ok(Message::Bytes(bytes))) = frame else {
                return;
            };
            decoder.push(&bytes);
            self.tape.update_value(|tape| tape.push(&bytes));
            for message in decoder.by_ref() {
                // An agent that says what this page does not understand says the rest of it, too.
                let Ok(message) = message else { return };
                self.streamed
                    .update_value(|streamed| streamed.take(message));
            }
            is_shown = now_ms() - shown_ms >= SHOWN_MS;
            if is_shown {
                shown_ms = now_ms();
                self.show_streamed().await;
            }
        }
    }

    async fn open_events(&self) -> Option<WebSocket> {
        let client = self.client.get_value();
        let url = client.url(Route::Events, "");
        // As http becomes ws, so does https become wss.
        let url = url.replacen("http", "ws", 1);
        let mut socket = WebSocket::open_with_protocol(&url, EVENTS_PROTOCOL).ok()?;
        if let Some(token) = client.token() {
            let request = EventsRequest {
                token: token.try_into().ok(),
                ..EventsRequest::default()
            };
            let text = serde_json::to_string(&request).ok()?;
            socket.send(Message::Text(text)).await.ok()?;
        }
        Some(socket)
    }

    /// Shows what was told: who holds what only where the device keeps no records itself, for that is known better.
    async fn show_streamed(&self) {
        let temporary = self.streamed.with_value(|streamed| {
            let temporary = streamed.traffic().most_temporary(LOOKED_AT).into_iter();
            temporary
                .map(|(id, count)| (streamed.stack(id), count))
                .collect::<Vec<_>>()
        });
        let stacks = || temporary.iter().map(|(stack, _)| stack);
        self.learn(self.names.with_value(|names| names.wanted(stacks(), [])))
            .await;
        let named = self.names.try_update_value(|names| {
            let name = |(stack, count): &(_, u64)| (names.of(stack).name.clone(), *count);
            temporary.iter().map(name).collect::<Vec<_>>()
        });
        let is_elsewhere = untrack(|| self.records_location()) == RecordsLocation::Host;
        let (following, told) = self.streamed.with_value(|streamed| {
            let following = Following {
                events: streamed.events(),
                dropped: streamed.dropped(),
                is_complete: streamed.is_complete(),
                is_open: true,
                passing: Arc::new(Passing::of(streamed.traffic(), named.unwrap_or_default())),
            };
            let summary = streamed.summary().filter(|_| is_elsewhere);
            (following, summary.map(|it| (streamed.leaks(), *it)))
        });
        self.following.set(Some(following));
        if let Some((leaks, summary)) = told {
            self.take_leaks(leaks, &summary).await;
        }
    }
}
