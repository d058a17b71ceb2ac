use heapbeacon_shared::trace::Mark;
use leptos::prelude::*;

use super::row::Sites;
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

/// Says what the list is about where it is not about all of the trace.
#[component]
pub(super) fn SpanWords(sites: Memo<Sites>) -> impl IntoView {
    let store = Store::of_app();
    view! {
        <When is=move || !store.span.get().is_all()>
            <p class="note" role="status" data-testid="span">
                {move || match store.within.with(Option::is_some) {
                    true => words(store, &sites.read()),
                    false => "Reading what was allocated then…".to_owned(),
                }}
            </p>
        </When>
    }
}

fn words(store: Store, sites: &Sites) -> String {
    let span = store.span.get();
    let marks = marks(store);
    let name = |time_us: u64| {
        let mark = marks.iter().find(|mark| mark.time_us == time_us);
        mark.map_or_else(
            || format!("{} after boot", format::duration(time_us)),
            |mark| format!("“{}”", mark.name),
        )
    };
    let when = match (span.since_us.map(name), span.until_us.map(name)) {
        (Some(since), Some(until)) => format!("between {since} and {until}"),
        (Some(since), None) => format!("since {since}"),
        (None, Some(until)) => format!("before {until}"),
        (None, None) => String::new(),
    };
    let count = sites.iter().map(|site| site.count).sum();
    let bytes = sites.iter().map(|site| site.bytes).sum();
    format!(
        "Allocated {when} and still live: {}, {}. The verdicts below are about these blocks alone.",
        format::plural(count, "block"),
        format::bytes(bytes),
    )
}

/// Returns the marks that were set during the trace, oldest first.
fn marks(store: Store) -> Vec<Mark> {
    let trace_id = store
        .trace
        .with(|trace| trace.as_ref().map(|trace| trace.trace_id));
    let marks = store.marks.read();
    let own = marks
        .marks
        .iter()
        .filter(|mark| Some(mark.trace_id) == trace_id);
    own.cloned().collect()
}

/// Returns the part of the trace that the address bar says.
pub(super) fn span_in_view() -> Span {
    let ends = ["since", "until"].into_iter();
    ends.fold(Span::default(), |span, name| {
        span.with_end(name, &view_value(name))
    })
}
