//! New firmware for the device, sent in parts: so one sees how far it is, can give it up, and goes on where a connection broke.

use gloo_timers::future::TimeoutFuture;
use heapbeacon_shared::api::{Ota, OtaState, Route};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::{Blob, File};

use super::client::ApiError;
use super::past::if_there_is;
use crate::model::update::{Sending, is_under_way};
use crate::store::Store;

/// Bytes of a part: a second or two of a slow link.
const PART: u64 = 32 * 1024;
/// How often in a row a part is tried again whose answer did not come.
const TRIES: u32 = 5;
/// Milliseconds between two tries, and between two looks at what changes by itself.
const PAUSE_MS: u32 = 2_000;

/// HTTP statuses of a part that came too slowly, while the device still waits for the one before, or that is not the next one.
const TOO_SLOW: u16 = 408;
const BUSY: u16 = 409;
const NOT_THE_NEXT: u16 = 416;

/// Checks whether an upload may go on behind an error, with what the device says that it has. Before anything has come, a refusal is final.
fn may_go_on(error: &ApiError, has_begun: bool) -> bool {
    match error {
        ApiError::Unreachable => true,
        ApiError::Refused(problem) => {
            has_begun && matches!(problem.status, TOO_SLOW | BUSY | NOT_THE_NEXT)
        }
        _ => false,
    }
}

impl Store {
    /// Asks what runs and what is booted next, and again as long as that changes by itself.
    pub fn load_update(&self) {
        let store = *self;
        spawn_local(async move {
            while store.ask_update().await.is_ok() {
                let changes = store
                    .ota
                    .with_untracked(|ota| ota.as_ref().is_some_and(is_under_way));
                if !changes || store.sending.with_untracked(Option::is_some) {
                    break;
                }
                TimeoutFuture::new(PAUSE_MS).await;
            }
        });
    }

    /// Sends firmware to the device.
    pub fn send_firmware(&self, file: File, may_be_older: bool) {
        let store = *self;
        store.update_problem.set(String::new());
        if file.size() < 1.0 {
            let empty = format!("{} is empty.", file.name());
            store.update_problem.set(empty);
            return;
        }
        let now_us = store.clock.get_value().later(0);
        store.updated_us.set(Some(now_us));
        store.sending.set(Some(Sending {
            name: file.name(),
            sent: 0,
            total: file.size() as u64,
            is_cancelled: false,
        }));
        spawn_local(async move {
            if let Err(error) = store.send_parts(&file, may_be_older).await {
                store.update_problem.set(error.to_string());
            }
            store.sending.set(None);
            store.load_update();
        });
    }

    /// Gives up an upload: the one of this page, or one that was broken off.
    pub fn cancel_upload(&self) {
        let store = *self;
        let mut is_ours = false;
        store.sending.update(|sending| {
            if let Some(sending) = sending {
                sending.is_cancelled = true;
                is_ours = true;
            }
        });
        // What sends, ends it between two parts.
        if !is_ours {
            spawn_local(async move { store.give_up().await });
        }
    }

    async fn give_up(&self) {
        let client = self.client.get_value();
        if let Err(error) = client.post(Route::CancelUpload, "", "").await {
            self.update_problem.set(error.to_string());
        }
        self.load_update();
    }

    async fn send_parts(&self, file: &Blob, may_be_older: bool) -> Result<(), ApiError> {
        let total = file.size() as u64;
        let query = if may_be_older { "?allow=downgrade" } else { "" };
        let (mut sent, mut failures) = (0, 0);
        while sent < total {
            if self.is_cancelled() {
                self.give_up().await;
                return Ok(());
            }
            let end = total.min(sent + PART);
            let part = file.slice_with_f64_and_f64(sent as f64, end as f64);
            let part =
                part.map_err(|_| ApiError::Unexpected("the file can't be read".to_owned()))?;
            let range = format!("bytes {sent}-{}/{total}", end - 1);
            let client = self.client.get_value();
            match client.send_part(query, &range, &part).await {
                Ok(ota) => {
                    failures = 0;
                    sent = end;
                    self.note_sent(sent);
                    self.ota.set(Some(ota));
                }
                Err(error) if failures < TRIES && may_go_on(&error, sent > 0 || failures > 0) => {
                    failures += 1;
                    TimeoutFuture::new(PAUSE_MS).await;
                    sent = self.received(total, end == total).await.unwrap_or(sent);
                    self.note_sent(sent);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Asks how many bytes the device has of an upload that was broken off; `None` if it does not answer.
    async fn received(&self, total: u64, was_last: bool) -> Option<u64> {
        self.ask_update().await.ok()?;
        self.ota.with_untracked(|ota| {
            let ota = ota.as_ref()?;
            match (ota.state, &ota.upload) {
                // It has not noticed yet that the connection broke.
                (OtaState::Receiving, _) => None,
                // The last part has come, and only its answer was lost. Before that, it is what came earlier that waits for a restart.
                (OtaState::Checking | OtaState::RestartNeeded, _) if was_last => Some(total),
                (_, Some(upload)) if u64::from(upload.total) == total => {
                    Some(upload.received.into())
                }
                _ => Some(0),
            }
        })
    }

    fn note_sent(&self, sent: u64) {
        self.sending.update(|sending| {
            if let Some(sending) = sending {
                sending.sent = sent;
            }
        });
    }

    fn is_cancelled(&self) -> bool {
        self.sending
            .with_untracked(|sending| sending.as_ref().is_some_and(|sending| sending.is_cancelled))
    }

    async fn ask_update(&self) -> Result<(), ApiError> {
        let client = self.client.get_value();
        let ota = client.get::<Ota>(Route::Ota, "").await;
        self.ota.set(if_there_is(ota)?);
        Ok(())
    }
}
