//! Asks the device who holds its blocks: seldom, for no other answer is as long.

use std::sync::Arc;

use heapbeacon_shared::api::Route;
use js_sys::Array;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::{Blob, File};

use super::client::ApiError;
use super::scan_pace::Picture;
use crate::components::follow;
use crate::files::read::read_capture;
use crate::format;
use crate::model::holders::Scanned;
use crate::store::Store;

/// A capture with what points into the heap: in one answer with the records that it is joined with.
const QUERY: &str = "?references=1";
/// What the page asks a device that can't tell.
const NOT_TOLD: &str =
    "This agent does not tell what points into the heap: it is of an older version.";
/// What the picture of the boot before is called.
const PICTURE_NAME: &str = "boot-before.hbc";
/// HTTP status of a busy device, which may answer later.
const BUSY: u16 = 503;
/// HTTP status of a device that has no trace yet.
const CONFLICT: u16 = 409;

impl Store {
    /// Scans for as long as the caller's view is there, while somebody sees it.
    pub fn follow_holders(&self) {
        let store = *self;
        follow(move || {
            let now_ms = store.now_ms.get();
            untrack(|| {
                let pace = store.scan_pace.get_value();
                if store.may_scan() && pace.is_due(now_ms, store.needs_scans()) {
                    store.scan();
                }
            });
        });
    }

    /// Returns whether the device can be asked, and somebody wants it to be.
    fn may_scan(&self) -> bool {
        self.wants_scans.get()
            && self.has_records()
            && self.is_reached()
            && self.leaks.with(Option::is_some)
            && self.scans.with(|scans| scans.problem.is_none())
            && !document().hidden()
    }

    /// Returns whether something leaks, or somebody looks at who holds a site.
    fn needs_scans(&self) -> bool {
        let sites = self.sites.read();
        self.opened_rows.get() > 0
            || sites
                .iter()
                .any(|site| site.judgement.is_growing() || site.lost.count > 0)
    }

    fn scan(&self) {
        let store = *self;
        store.scan_pace.update_value(|pace| pace.is_running = true);
        spawn_local(async move {
            let outcome = store.read_scan().await;
            let now_ms = store.now_ms.get_untracked();
            store.scan_pace.update_value(|pace| {
                pace.is_running = false;
                pace.ended_ms = now_ms;
            });
            match outcome {
                Err(ApiError::Refused(problem)) if ![BUSY, CONFLICT].contains(&problem.status) => {
                    let problem = Some(problem.detail.to_string());
                    store.scans.update(|scans| scans.problem = problem);
                }
                // A later one may find the device.
                Ok(()) | Err(_) => {}
            }
        });
    }

    async fn read_scan(&self) -> Result<(), ApiError> {
        let client = self.client.get_value();
        let answer = client.download(Route::Capture, QUERY).await?;
        // What is damaged is read again the next time.
        let Ok(capture) = read_capture(&answer).await else {
            return Ok(());
        };
        self.keep(answer.clone());
        let Some(page) = capture.references else {
            let problem = Some(NOT_TOLD.to_owned());
            self.scans.update(|scans| scans.problem = problem);
            return Ok(());
        };
        let scanned = self.scans.with_untracked(|scans| {
            let before = scans.last.as_deref();
            Scanned::new(&capture.records, &capture.stacks, page, before)
        });
        let trace_id = self
            .trace
            .with_untracked(|trace| trace.as_ref().map(|it| it.trace_id));
        // Of another trace there will be another scan.
        let Some(scanned) = scanned.filter(|scanned| Some(scanned.trace_id) == trace_id) else {
            return Ok(());
        };
        self.scan_pace.update_value(|pace| {
            pace.taken += 1;
            pace.bytes = answer.size();
        });
        self.take_scan(scanned).await;
        Ok(())
    }

    /// Takes a picture of the trace now and then, for the case that the device restarts.
    pub(super) fn take_pictures(&self) {
        let store = *self;
        let now_ms = store.now_ms.get_untracked();
        let is_due = store.picture.with_value(|picture| {
            let mut pictures = picture.iter();
            pictures.all(|picture| picture.is_old(now_ms))
        });
        let is_free = store.scan_pace.with_value(|pace| !pace.is_running);
        if !(is_due && is_free && untrack(|| store.has_records() && store.is_recording())) {
            return;
        }
        store.scan_pace.update_value(|pace| pace.is_running = true);
        spawn_local(async move {
            let client = store.client.get_value();
            // Where there is none, the next one may come.
            if let Ok(file) = client.download(Route::Capture, "").await {
                store.keep(file);
            }
            store.scan_pace.update_value(|pace| pace.is_running = false);
        });
    }

    fn keep(&self, file: Blob) {
        let time_us = self
            .trace
            .with_untracked(|trace| trace.as_ref().map_or(0, |trace| trace.summary.time_us));
        self.picture.set_value(Some(Picture {
            file,
            time_us,
            taken_ms: self.now_ms.get_untracked(),
        }));
    }

    /// Offers the last picture of a boot that has ended; `told_us` is the last time that it told.
    pub(super) fn offer_picture(&self, told_us: u64, reason: &str) {
        let picture = self.picture.try_update_value(Option::take).flatten();
        let Some(Picture { file, time_us, .. }) = picture else {
            return;
        };
        let parts = Array::of1(&file);
        let Ok(file) = File::new_with_blob_sequence(&parts, PICTURE_NAME) else {
            return;
        };
        self.boot_before.set_value(Some(file));
        let before = match told_us.saturating_sub(time_us) {
            0..1_000_000 => "with".to_owned(),
            us => format!("{} before", format::duration(us)),
        };
        self.boot_before_words.set(Some(format!(
            "The device restarted ({reason}). A capture of the boot before is kept here, taken {before} its last answer."
        )));
    }

    /// Takes a scan once everything in it has names.
    pub async fn take_scan(&self, scanned: Scanned) {
        let wanted = self.names.with_value(|names| {
            let mut wanted = names.wanted(scanned.stacks(), []);
            names.want_statics(&mut wanted, &scanned.statics());
            wanted
        });
        self.learn(wanted).await;
        self.scans
            .update(|scans| scans.last = Some(Arc::new(scanned)));
        self.refresh_sites();
    }
}
