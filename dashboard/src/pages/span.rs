use heapbeacon_shared::trace::Mark;
use leptos::prelude::*;

use crate::components::When;
use crate::format;
use crate::location::view_value;
use crate::model::span::Span;
use crate::store::Store;

/// Lets somebody choose between which two marks blocks were allocated.
#[component]
pub(super) fn SpanChoice() -> impl IntoView {
    let store = Store::of_app();
    let is_offered = move || !store.span.get().is_all() || !marks(store).is_empty();
    view! {
        <When is=is_offered>
            {choice(store, "since", "Allocated since", "Since the start")}
            {choice(store, "until", "Allocated until", "Until now")}
        </When>
    }
}

fn choice(store: Store, name: &'static str, label: &'static str, usual: &'static str) -> AnyView {
    let choose = move |event| {
        let chosen = event_target_value(&event);
        store.look_within(store.span.get_untracked().with_end(name, &chosen));
    };
    view! {
        <select aria-label=label data-testid=name on:change=choose>
            <option value="">{usual}</option>
            {move || options(store, name)}
        </select>
    }
    .into_any()
}

/// Draws the marks, and what is chosen if that is none of them: one that gave way, or one of a link.
fn options(store: Store, name: &'static str) -> Vec<AnyView> {
    let chosen = store.span.get().end(name);
    let marks = marks(store);
    let mut options: Vec<_> = marks
        .iter()
        .map(|mark| (mark.time_us, mark.name.to_string()))
        .collect();
    if let Ok(time_us) = chosen.parse()
        && options.iter().all(|(known, _)| *known != time_us)
    {
        options.push((time_us, "a moment".to_owned()));
    }
    let word = if name == "since" { "Since" } else { "Until" };
    let option = |(time_us, mark): (u64, String)| {
        let words = format!("{word} {mark}, {} after boot", format::duration(time_us));
        let value = time_us.to_string();
        let is_chosen = value == chosen;
        view! { <option value=value selected=is_chosen>{words}</option> }.into_any()
    };
    options.into_iter().map(option).collect()
}

/// Describes the part of the trace that somebody looks at, such as “since “login””.
pub(super) fn span_words(store: Store) -> String {
    let span = store.span.get();
    let marks = marks(store);
    let name = |time_us: u64| {
        let mark = marks.iter().find(|mark| mark.time_us == time_us);
        mark.map_or_else(
            || format!("{} after boot", format::duration(time_us)),
            |mark| format!("“{}”", mark.name),
        )
    };
    match (span.since_us.map(name), span.until_us.map(name)) {
        (Some(since), Some(until)) => format!("between {since} and {until}"),
        (Some(since), None) => format!("since {since}"),
        (None, Some(until)) => format!("before {until}"),
        (None, None) => String::new(),
    }
}

/// Returns how many marks the trace has, and when the latest was set, in microseconds since boot; `None` where there is none.
pub(super) fn latest_mark(store: Store) -> Option<(usize, u64)> {
    let marks = marks(store);
    marks.last().map(|mark| (marks.len(), mark.time_us))
}

/// Returns the marks that were set during the trace, oldest first.
pub(super) fn marks(store: Store) -> Vec<Mark> {
    let trace_id = store
        .trace
        .with(|trace| trace.as_ref().map(|trace| trace.trace_id));
    let marks = store.marks.read();
    let own = marks
        .marks
        .iter()
        // A capture does not tell of which trace they are: it is of one.
        .filter(|mark| store.is_file || Some(mark.trace_id) == trace_id);
    own.cloned().collect()
}

/// Returns the part of the trace that the address bar says.
pub(super) fn span_in_view() -> Span {
    let ends = ["since", "until"].into_iter();
    ends.fold(Span::default(), |span, name| {
        span.with_end(name, &view_value(name))
    })
}
