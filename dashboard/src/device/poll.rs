//! Polls the device while somebody sees the page; after the first round one request at a time, for it serves few at once.

use futures::join;
use gloo_timers::future::TimeoutFuture;
use heapbeacon_shared::api::{Device, Feature, Heap, LeaksPage, Route, Trace};
use heapbeacon_shared::capture::{CaptureReader, LISTED, Page, leaks_page};
use heapbeacon_shared::trace::{Origin, Summary};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::client::ApiError;
use super::connection::{LinkState, Obstacle};
use super::evicted::Evicted;
use super::pace::{Activity, Pace};
use super::visibility::seen;
use crate::location::{current_page, own_base};
use crate::model::heap_sample::HeapSample;
use crate::store::Store;
use crate::store::clock::{Clock, now_ms};

/// HTTP status where there is no such path.
const NOT_FOUND: u16 = 404;
/// Call stacks of one page.
const STACKS_QUERY: &str = "?limit=256";
/// Call stacks that may be named as known.
const KNOWN: usize = 64;
/// The device and its switches change rarely: asked for in every so many rounds.
const SELDOM: u32 = 5;
/// Rounds before a picture is taken.
const FIRST_ROUNDS: u32 = 10;
/// Milliseconds between two ticks of the page's clock.
const TICK_MS: u32 = 500;

impl Store {
    /// Starts to poll the device, for as long as the page is open.
    pub fn start(&self) {
        let store = *self;
        spawn_local(async move { store.poll_forever().await });
        store.follow_events();
        spawn_local(async move {
            loop {
                TimeoutFuture::new(TICK_MS).await;
                store.now_ms.set(now_ms());
            }
        });
    }

    async fn poll_forever(&self) {
        let mut evicted = Evicted::default();
        let mut pace = Pace::default();
        // Whether the device may be another one, or have started anew, for all that is known.
        let mut is_unsure = false;
        let mut told_before = None;
        for round in 0_u32.. {
            let outcome = match self.ask(round, is_unsure, &mut evicted).await {
                Ok(()) => self.ask_before(&mut told_before).await,
                outcome => outcome,
            };
            is_unsure = outcome.is_err();
            self.note(&outcome).await;
            match outcome {
                Ok(()) => {
                    self.look(&mut pace);
                    // Not in the first rounds, when there is more to ask for.
                    if round >= FIRST_ROUNDS {
                        self.take_pictures();
                    }
                }
                Err(_) => pace = Pace::default(),
            }
            self.pause(&pace).await;
            is_unsure |= seen().await;
        }
    }

    /// Notes whether anything has changed.
    fn look(&self, pace: &mut Pace) {
        let (trace, heap) = (self.trace.read_untracked(), self.heap.read_untracked());
        let leaks = self.leaks.read_untracked();
        if let (Some(trace), Some(heap)) = (&*trace, &*heap) {
            pace.look(Activity::of(trace, heap, leaks.as_ref()));
        }
    }

    /// Waits for the next round: longer while nothing changes.
    async fn pause(&self, pace: &Pace) {
        let mut pauses = 0;
        // A command in between makes the pause a short one.
        while pauses
            < self
                .trace
                .with_untracked(|trace| pace.pauses(trace.as_ref(), current_page()))
        {
            TimeoutFuture::new(self.link.read_untracked().pause_ms()).await;
            pauses += 1;
        }
    }

    async fn note(&self, outcome: &Result<(), ApiError>) {
        match outcome {
            Ok(()) => {
                let was_lost = self.link.read_untracked().state() == LinkState::Lost;
                self.link.update(|link| link.heard(now_ms()));
                self.token_tried.set(false);
                self.token_needed.set(false);
                self.set_obstacle(None);
                if was_lost {
                    self.notices.withdraw(&ApiError::Unreachable.to_string());
                }
            }
            // Whatever else has the device's address now: the device itself does not answer.
            Err(ApiError::Unreachable | ApiError::Foreign(_)) => {
                self.link.update(|link| link.missed())
            }
            Err(ApiError::TokenNeeded) => {
                self.link.update(|link| link.heard(now_ms()));
                self.token_needed.set(true);
                self.set_obstacle(None);
            }
            Err(_) => self.link.update(|link| link.refused(now_ms())),
        }
        if let Err(error) = outcome {
            self.show_problem(error).await;
        }
        self.now_ms.set(now_ms());
    }

    /// Shows what is wrong: in place of the page where there is none to show, otherwise in a notice.
    async fn show_problem(&self, error: &ApiError) {
        let is_known = untrack(|| self.is_known());
        match error {
            ApiError::TokenNeeded => {}
            ApiError::Unreachable if !is_known => self.probe_silent_address().await,
            _ if !is_known => self.set_obstacle(Some(obstacle_of(error))),
            // The page says that the device is lost.
            ApiError::Unreachable | ApiError::Foreign(_) => {}
            _ => self.notices.show_error(error.to_string()),
        }
    }

    /// Finds out whether nobody is there, or somebody who does not let this page in: to a browser both look alike.
    async fn probe_silent_address(&self) {
        // Somebody has waited already.
        if self.obstacle.with_untracked(Option::is_none) {
            self.set_obstacle(Some(Obstacle::Unreachable));
        }
        let client = self.client.get_value();
        let is_answered = client.base() != own_base() && client.is_answered().await;
        self.set_obstacle(Some(match is_answered {
            true => Obstacle::ShutOut,
            false => Obstacle::Unreachable,
        }));
    }

    async fn ask(
        &self,
        round: u32,
        is_unsure: bool,
        evicted: &mut Evicted,
    ) -> Result<(), ApiError> {
        if self.device.with_untracked(Option::is_none) {
            return self.ask_first(evicted).await;
        }
        let client = self.client.get_value();
        let was_lost = self.link.read_untracked().state() != LinkState::Live;
        if was_lost || is_unsure || round.is_multiple_of(SELDOM) {
            self.take_device(client.get(Route::Device, "").await?);
            self.ask_demo().await?;
            self.ask_marks().await?;
            *evicted = self.ask_evicted().await?;
        }
        self.ask_trace().await?;
        self.ask_wrong_free_stacks().await?;
        self.ask_heap().await?;
        self.ask_leaks(evicted).await?;
        self.ask_within().await
    }

    /// Asks for the first time: what needs no other answer at once, because until then there is nothing to see.
    async fn ask_first(&self, evicted: &mut Evicted) -> Result<(), ApiError> {
        let client = self.client.get_value();
        let (device, trace, heap) = join!(
            client.get(Route::Device, ""),
            client.get(Route::Trace, ""),
            client.get(Route::Heap, ""),
        );
        self.take_device(device?);
        self.take_trace(trace?);
        self.take_heap(heap?);
        self.ask_leaks(evicted).await?;
        self.ask_marks().await?;
        self.ask_wrong_free_stacks().await?;
        *evicted = self.ask_evicted().await?;
        Ok(())
    }

    /// Asks how full the regions are.
    pub(super) async fn ask_heap(&self) -> Result<(), ApiError> {
        let client = self.client.get_value();
        self.take_heap(client.get(Route::Heap, "").await?);
        Ok(())
    }

    fn take_heap(&self, mut heap: Heap) {
        heap.time_us = self.later(heap.time_us);
        let sample = HeapSample {
            traced: self.traced_bytes(),
            ..HeapSample::of(&heap)
        };
        self.heap_history.update(|history| history.push(sample));
        self.heap.set(Some(heap));
    }

    /// Returns the bytes of the firmware's own live blocks, as they were listed last: HeapBeacon may have a heap of its own.
    fn traced_bytes(&self) -> u64 {
        let leaks = self.leaks.read_untracked();
        let leaks = leaks.iter().flat_map(|page| &page.leaks);
        let own = leaks.filter(|leak| leak.stack.origin != Origin::Agent);
        own.map(|leak| leak.bytes).sum()
    }

    async fn ask_leaks(&self, evicted: &Evicted) -> Result<(), ApiError> {
        if !untrack(|| self.has_records()) {
            return Ok(());
        }
        let client = self.client.get_value();
        let before = self.leaks.get_untracked();
        let query = format!(
            "?limit={LISTED}{}",
            before.as_ref().map_or_else(String::new, known)
        );
        let bytes = client.messages(Route::Leaks, &query).await?;
        // Another trace began meanwhile: the next round asks for that.
        let page = leaks_page(&bytes)?;
        let is_same = |page: &LeaksPage| {
            before
                .as_ref()
                .is_none_or(|it| it.trace_id == page.trace_id)
        };
        let Some(mut page) = page.filter(is_same) else {
            return Ok(());
        };
        if let Some(before) = &before {
            page.recall(before);
        }
        let newest_us = page.leaks.iter().map(|leak| leak.newest_us).max();
        let told_us = page.period.time_us;
        page.period.time_us = self.later(told_us.max(newest_us.unwrap_or(0)));
        // An agent whose clock stepped back leaves out the blocks that lie ahead of it: the list before is the better one.
        let is_behind = told_us < page.period.time_us && self.leaks.with_untracked(Option::is_some);
        if is_behind && self.is_short(&page) {
            return Ok(());
        }
        evicted.list_in(&mut page);
        let summary = self
            .trace
            .with_untracked(|trace| summary_of(&page, trace.as_ref()));
        // Of another trace there is a status in the next round.
        if let Some(summary) = summary {
            self.take_leaks(page, &summary).await;
        }
        Ok(())
    }

    /// Takes a list of who holds what, with the totals of its trace.
    pub(super) async fn take_leaks(&self, page: LeaksPage, summary: &Summary) {
        let stacks = || page.leaks.iter().map(|leak| &leak.stack);
        self.learn(self.names.with_value(|names| names.wanted(stacks(), [])))
            .await;
        let snapshot = page.snapshot(summary);
        self.watched.update(|watched| {
            watched.weigh(
                page.trace_id,
                &page.period,
                &page.evidence(),
                page.is_complete(),
            );
            watched.take(snapshot, summary);
        });
        self.leaks.set(Some(page));
        self.refresh_sites();
    }

    /// Returns the later of a time of the device and the latest one that it told before.
    fn later(&self, time_us: u64) -> u64 {
        let later = self.clock.try_update_value(|clock| clock.later(time_us));
        later.unwrap_or(time_us)
    }

    /// Returns whether a list has fewer blocks than are live.
    fn is_short(&self, page: &LeaksPage) -> bool {
        let listed: u64 = page.leaks.iter().map(|leak| leak.count).sum();
        let live =
            |trace: &Option<Trace>| trace.as_ref().map_or(0, |trace| trace.summary.live_count);
        listed < self.trace.with_untracked(live) / 2
    }

    /// Asks which call stacks lost records: without any that are live, the leak list leaves them out.
    async fn ask_evicted(&self) -> Result<Evicted, ApiError> {
        let counted = |trace: &Trace| trace.summary.evicted_live;
        let counted = self
            .trace
            .with_untracked(|trace| trace.as_ref().map(counted));
        if counted.unwrap_or(0) == 0 {
            return Ok(Evicted::default());
        }
        let client = self.client.get_value();
        let mut reader = CaptureReader::new();
        let mut query = STACKS_QUERY.to_owned();
        loop {
            let page = client.messages(Route::Stacks, &query).await?;
            match reader.take_page(&page)? {
                // Its own are asked for in a later round.
                Page::Other => return Ok(Evicted::default()),
                Page::Same(Some(next)) => query = format!("{STACKS_QUERY}&after={next}"),
                Page::Same(None) => break,
            }
        }
        let trace_id = reader.trace_id();
        let (_, stacks) = reader.into_records();
        Ok(Evicted::of(trace_id, stacks))
    }

    /// Asks for the switches of the demo workload, where there is one.
    pub(super) async fn ask_demo(&self) -> Result<(), ApiError> {
        if untrack(|| self.offers(Feature::Demo)) {
            let client = self.client.get_value();
            self.take_demo(client.get(Route::Demo, "").await?);
        }
        Ok(())
    }

    fn take_device(&self, device: Device) {
        let before = self.device.with_untracked(|before| {
            before
                .as_ref()
                .map(|before| (before.boot_id, before.build_id.clone()))
        });
        let other_build = before
            .as_ref()
            .is_some_and(|(_, id)| *id != device.build_id);
        let rebooted = before.is_some_and(|(boot_id, _)| boot_id != device.boot_id);
        let (reason, uptime_us) = (device.reset_reason.clone(), device.uptime_us);
        if rebooted {
            self.keep_earlier(&device);
        }
        self.device.set(Some(device));
        if other_build {
            self.drop_symbols();
        }
        if rebooted {
            let told_us = self
                .trace
                .with_untracked(|trace| trace.as_ref().map_or(0, |trace| trace.summary.time_us));
            self.offer_picture(told_us, &reason);
            self.clock.set_value(Clock::of_boot(uptime_us, now_ms()));
            self.updated_us.set(other_build.then_some(0));
            self.forget_history();
            // Nobody has switched what is other than before.
            self.demo.set(None);
            self.marks.set(Default::default());
            self.notices.show(format!(
                "The device restarted ({reason}). What was before stays on the timeline."
            ));
        }
        self.look_for_elf();
    }

    /// Asks what the trace is doing.
    pub(super) async fn ask_trace(&self) -> Result<(), ApiError> {
        let client = self.client.get_value();
        let trace: Trace = client.get(Route::Trace, "").await?;
        if self
            .clock
            .with_value(|clock| clock.is_behind(trace.summary.time_us))
        {
            // It was started again, or its clock was set.
            self.take_device(client.get(Route::Device, "").await?);
        }
        self.take_trace(trace);
        Ok(())
    }

    /// Takes a trace status; the history of another trace is of no use.
    fn take_trace(&self, mut trace: Trace) {
        trace.summary.time_us = self.later(trace.summary.time_us);
        let told_us = trace.summary.time_us;
        self.clock
            .update_value(|clock| clock.answered(told_us, now_ms()));
        let mut is_other = false;
        match &*self.trace.read_untracked() {
            Some(before) if before.trace_id != trace.trace_id => {
                is_other = before.trace_id > 0;
                self.forget_history();
            }
            Some(before) => self
                .watched
                .update(|watched| watched.follow(&before.summary, &trace.summary)),
            None => {}
        }
        if is_other {
            self.remember_start();
        }
        self.rates.update(|rates| rates.push(&trace));
        self.trace.set(Some(trace));
    }

    fn forget_history(&self) {
        self.following.set(None);
        self.watched.set(Default::default());
        self.rates.set(Default::default());
        self.leaks.set(None);
        self.within.set(None);
        self.span.set(Default::default());
        self.scans.set(Default::default());
        self.scan_pace.set_value(Default::default());
        self.records.set(Default::default());
        self.wrong_free_stacks.set(Vec::new());
        self.refresh_sites();
    }
}

/// Names the call stacks whose frames a list has, in a query: those at its top, as many as a device takes.
fn known(page: &LeaksPage) -> String {
    let stacks = page.leaks.iter().map(|leak| &leak.stack);
    let known = stacks.filter(|stack| !stack.frames.is_empty());
    let ids: Vec<_> = known
        .map(|stack| stack.id.to_string())
        .take(KNOWN)
        .collect();
    match ids.is_empty() {
        true => String::new(),
        false => format!("&known={}", ids.join(",")),
    }
}

/// Returns the counters that go with a leak list; `None` if the last status is of another trace.
fn summary_of(page: &LeaksPage, trace: Option<&Trace>) -> Option<Summary> {
    let trace = trace.filter(|trace| trace.trace_id == page.trace_id);
    trace.map(|trace| trace.summary)
}

/// Returns what an error means where no device was seen yet.
fn obstacle_of(error: &ApiError) -> Obstacle {
    match error {
        ApiError::Foreign(status) => Obstacle::Foreign(*status),
        // Its API has another prefix than this page asks for.
        ApiError::Refused(problem) if problem.status == NOT_FOUND => {
            Obstacle::OtherVersion(problem.title.to_string())
        }
        ApiError::Unexpected(what) => Obstacle::OtherVersion(what.clone()),
        _ => Obstacle::Refused(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::api::Leak;
    use heapbeacon_shared::trace::Address;

    use super::*;

    #[test]
    fn call_stacks_that_are_known_are_named_as_many_as_a_device_takes() {
        let leak = |id| {
            let mut leak = Leak::default();
            leak.stack.id = id;
            leak.stack.frames.push(Address(1)).expect("room");
            leak
        };
        let mut page = LeaksPage::default();
        page.leaks.push(Leak::default());
        assert_eq!(known(&page), "");
        page.leaks.extend([3, 65_541].map(leak));
        assert_eq!(known(&page), "&known=3,65541");
        page.leaks.extend((10..200).map(leak));
        assert_eq!(known(&page).matches(',').count() + 1, KNOWN);
    }

    #[test]
    fn a_list_of_another_trace_is_not_taken() {
        let page = |trace_id| LeaksPage {
            trace_id,
            ..LeaksPage::default()
        };
        let trace = Trace {
            trace_id: 7,
            ..Trace::default()
        };
        assert_eq!(summary_of(&page(7), Some(&trace)), Some(trace.summary));
        assert_eq!(summary_of(&page(8), Some(&trace)), None);
        assert_eq!(summary_of(&page(0), None), None);
    }
}
