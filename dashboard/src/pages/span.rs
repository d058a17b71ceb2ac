use heapbeacon_shared::trace::{Mark, Mode};
use leptos::prelude::*;

use crate::components::{Offered, When, chip, follow, select};
use crate::format;
use crate::location::{Page, note_view, view_value};
use crate::model::span::Span;
use crate::store::Store;

const ENDS: [&str; 2] = ["since", "until"];
const DAY_US: u64 = 86_400_000_000;

/// Lets somebody choose between which two marks blocks were allocated.
#[component]
pub(super) fn SpanChoice() -> impl IntoView {
    let store = Store::of_app();
    let is_offered = move || !store.span.get().is_all() || !marks(store).is_empty();
    view! {
        <When is=is_offered>
            {choice(store, "since", "Allocated since", "Since the start")}
            {choice(store, "until", "Allocated until", "Until now")}
            {span_chip(store)}
        </When>
    }
}

fn choice(store: Store, name: &'static str, label: &'static str, usual: &'static str) -> AnyView {
    let choose = move |chosen: String| {
        store.look_within(store.span.get_untracked().with_end(name, &chosen));
    };
    select(
        label,
        name,
        Box::new(move || offered(store, name, usual)),
        Box::new(choose),
    )
}

/// Offers the marks, and what is chosen if that is none of them: one that gave way, or a moment of a chart or of a link.
fn offered(store: Store, name: &str, usual: &str) -> Vec<Offered> {
    let chosen = store.span.get().end(name);
    let marks = marks(store);
    let mut times: Vec<_> = marks.iter().map(|mark| mark.time_us).collect();
    if let Ok(time_us) = chosen.parse()
        && !times.contains(&time_us)
    {
        times.push(time_us);
    }
    let word = if name == "since" { "Since" } else { "Until" };
    let offer = |time_us: u64| {
        let words = format!("{word} {}", moment_words(store, time_us));
        let value = time_us.to_string();
        let is_chosen = value == chosen;
        (value, words, is_chosen)
    };
    let mut offered = vec![(String::new(), usual.to_owned(), chosen.is_empty())];
    offered.extend(times.into_iter().map(offer));
    offered
}

/// Says which part of the trace somebody looks at, and lets them look at all of it again.
pub(super) fn span_chip(store: Store) -> AnyView {
    chip(
        "span-chip",
        "Look at all of the trace",
        Box::new(move || Some(chip_words(store)).filter(|words| !words.is_empty())),
        Box::new(move || store.look_within(Span::default())),
    )
}

/// Names the two ends, such as `12:03:10 – “after login”`; empty where it is all of the trace.
fn chip_words(store: Store) -> String {
    let span = store.span.get();
    if span.is_all() {
        return String::new();
    }
    let words = |end: Option<u64>, usual: &str| {
        end.map_or_else(|| usual.to_owned(), |us| moment_words(store, us))
    };
    format!(
        "{} – {}",
        words(span.since_us, "start"),
        words(span.until_us, "now")
    )
}

/// Describes the part of the trace that somebody looks at, such as “since “login””.
pub(super) fn span_words(store: Store) -> String {
    let span = store.span.get();
    let name = |time_us: u64| moment_words(store, time_us);
    match (span.since_us.map(name), span.until_us.map(name)) {
        (Some(since), Some(until)) => format!("between {since} and {until}"),
        (Some(since), None) => format!("since {since}"),
        (None, Some(until)) => format!("before {until}"),
        (None, None) => String::new(),
    }
}

/// Names a moment by the mark that was set then, or by the clock on the wall.
fn moment_words(store: Store, time_us: u64) -> String {
    let marks = marks(store);
    let mark = marks.iter().find(|mark| mark.time_us == time_us);
    match mark {
        Some(mark) => format!("“{}”", mark.name),
        None if store.is_file => format!("{} after boot", format::duration(time_us)),
        None => clock(store, time_us),
    }
}

/// Writes a moment of a device as the clock on the wall, with its distance where that was on another day.
pub(super) fn clock(store: Store, time_us: u64) -> String {
    let at_ms = store.clock.with_value(|clock| clock.at_ms(time_us));
    time_of_day(at_ms, now_us(store).saturating_sub(time_us))
}

/// Writes the same of so many microseconds before the device started.
pub(super) fn clock_before(store: Store, before_us: u64) -> String {
    let at_ms = store.clock.with_value(|clock| clock.at_ms(0)) - before_us as f64 / 1_000.0;
    time_of_day(at_ms, now_us(store).saturating_add(before_us))
}

fn time_of_day(at_ms: f64, ago_us: u64) -> String {
    let date = js_sys::Date::new(&at_ms.into());
    let two = |number: u32| format!("{number:02}");
    let [hours, minutes, seconds] =
        [date.get_hours(), date.get_minutes(), date.get_seconds()].map(two);
    let days = match ago_us / DAY_US {
        0 => String::new(),
        days => format!(" −{days} d"),
    };
    format!("{hours}:{minutes}:{seconds}{days}")
}

fn now_us(store: Store) -> u64 {
    let trace = store.trace.read_untracked();
    trace.as_ref().map_or(0, |trace| trace.summary.time_us)
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

/// Notes in the address how somebody looks at a page, and at which part of the trace. One that was chosen on another page
/// stays, unless the address says another one.
pub(super) fn follow_view(
    store: Store,
    page: Page,
    view: Box<dyn Fn() -> Vec<(&'static str, String)>>,
) {
    let in_address = ENDS.into_iter().fold(Span::default(), |span, name| {
        span.with_end(name, &view_value(name))
    });
    if !in_address.is_all() && in_address != store.span.get_untracked() {
        store.look_within(in_address);
    }
    follow(move || {
        let mut view = view();
        let span = store.span.get();
        view.extend(ENDS.map(|name| (name, span.end(name))));
        note_view(page, &view);
    });
}

/// Returns whether records of freed blocks are kept: on the device in all mode, or by this page of events that it is told.
pub(super) fn keeps_freed(store: Store) -> bool {
    let mode = store
        .trace
        .with(|trace| trace.as_ref().and_then(|trace| trace.summary.mode));
    store.is_told_all() || store.has_records() && mode == Some(Mode::All)
}

/// What is said where somebody asks for freed blocks of which nobody has records.
pub(super) const NO_FREED: &str = "What was freed then is not known: in leaks mode a free takes its record away. A trace in \
                                   all mode keeps it, and so does this page where events go to a host.";
