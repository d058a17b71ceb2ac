//! What happened: marks, failed allocations, starts of the device and of its trace.

use leptos::prelude::*;

use crate::components::memo;
use crate::format;
use crate::model::events::{Event, Kind};
use crate::pages::history_end;
use crate::pages::span::{clock, clock_before};
use crate::store::Store;

/// Events that are listed at once; the others are folded away.
const LISTED: usize = 6;

/// Lists what happened, newest first.
#[component]
pub(super) fn Events(events: Memo<Vec<Event>>) -> impl IntoView {
    let store = Store::of_app();
    // Of earlier boots, how long before this one.
    let earlier = memo(move || {
        let history = store.heap_history.read();
        let earlier = history.earlier();
        let mut events = earlier.events.clone();
        for event in &mut events {
            event.time_us = earlier.boot_us.saturating_sub(event.time_us);
        }
        events
    });
    let list = move || {
        let now_us = untrack(|| now_us(store));
        let end = untrack(|| history_end(store));
        let events = events.read();
        let entry = |event: &Event| {
            let ago_us = now_us.saturating_sub(event.time_us);
            let time = match store.is_file {
                true => format::before(ago_us, end),
                false => clock(store, event.time_us),
            };
            entry(event, time, format!("{} ago", format::duration(ago_us)))
        };
        let (newest, older) = events.split_at(events.len().min(LISTED));
        let newest: Vec<AnyView> = newest.iter().map(entry).collect();
        let mut older: Vec<AnyView> = older.iter().map(entry).collect();
        older.extend(earlier.read().iter().map(|event| {
            let before_us = event.time_us;
            let ago = format!("{} before the latest restart", format::duration(before_us));
            self::entry(event, clock_before(store, before_us), ago)
        }));
        view! {
            <ol class="events">{newest}</ol>
            {folded(older)}
        }
    };
    let merged = move || {
        let merged = store.marks.with(|marks| marks.merged);
        (merged > 0).then(|| {
            let words = format::plural(merged.into(), "older mark");
            view! { <p class="note">{words} " gave way to later ones: the device keeps 32."</p> }
        })
    };
    view! {
        <section class="panel" data-testid="events">
            <h2>"Events"</h2>
            {list}
            {merged}
        </section>
    }
}

fn entry(event: &Event, time: String, ago: String) -> AnyView {
    let class = match event.kind {
        Kind::Boot => "boot",
        Kind::Trace => "trace-event",
        Kind::Growth => "growth-event",
        Kind::Mark | Kind::Switch => "mark-event",
        Kind::Failure => "failure",
        Kind::Update => "update-event",
    };
    let words = event.words.clone();
    let sign = (event.kind == Kind::Mark).then(
        || view! { <span aria-hidden="true">"⚑ "</span> <span class="unseen">"marked: "</span> },
    );
    view! {
        <li class=class>
            <span class="when" title=ago>
                {time}
            </span>
            <b>{sign} {words}</b>
        </li>
    }
    .into_any()
}

fn folded(events: Vec<AnyView>) -> Option<AnyView> {
    let words = format::plural(events.len() as u64, "earlier event");
    (!events.is_empty()).then(|| {
        view! {
            <details class="folded">
                <summary>{words}</summary>
                <ol class="events">{events}</ol>
            </details>
        }
        .into_any()
    })
}

fn now_us(store: Store) -> u64 {
    let trace = store.trace.read();
    trace.as_ref().map_or(0, |trace| trace.summary.time_us)
}
