//! What happened: marks, failed allocations, starts of the device and of its trace.

use leptos::prelude::*;

use crate::format;
use crate::model::events::{Event, Kind, Known};
use crate::pages::history_end;
use crate::pages::span::clock;
use crate::store::Store;

/// Events that are listed at once; the others are folded away.
const LISTED: usize = 6;

/// Returns what is known to have happened on what the page shows, newest first.
pub(super) fn known(store: Store) -> Vec<Event> {
    let (device, heap, trace) = (store.device.read(), store.heap.read(), store.trace.read());
    let (leaks, marks) = (store.leaks.read(), store.marks.read());
    let known = Known {
        device: device.as_ref(),
        heap: heap.as_ref(),
        trace: trace.as_ref(),
        period: leaks.as_ref().map(|page| &page.period),
        marks: Some(&marks),
        growths: &store.heap_history.read().growths(),
        updated_us: store.updated_us.get(),
    };
    known.events()
}

/// Lists what happened, newest first.
#[component]
pub(super) fn Events(events: Memo<Vec<Event>>) -> impl IntoView {
    let store = Store::of_app();
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
        let older: Vec<AnyView> = older.iter().map(entry).collect();
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
        Kind::Mark => "mark-event",
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
