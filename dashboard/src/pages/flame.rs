use std::sync::Arc;

use leptos::html::Div;
use leptos::prelude::*;

use super::leaks::found;
use super::lost::missing_of_records;
use super::origins::OriginSwitches;
use super::reading::Reading;
use super::records::{Refresh, read_when_needed};
use super::span::{SpanChoice, follow_view, keeps_freed, latest_mark, span_chip, span_words};
use super::start::NotTracing;
use super::symbols::SymbolInvitation;
use crate::charts::flame::arrange;
use crate::components::{Empty, Switch, When, follow, memo, reactive, use_width};
use crate::format;
use crate::location::Page;
use crate::model::flame::measure::{Measure, Weight, of_leaks, of_records};
use crate::model::flame::{Flame, NOWHERE, Shape, share};
use crate::store::Store;

mod graph;
mod look;
mod table;

use graph::Graph;
use look::{Drawing, Look};
use table::FrameTable;

/// Who holds memory, as a picture: each frame as wide as what it comes to.
#[component]
pub fn FlamePage() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <h1 class="unseen">"Flame graph"</h1>
        <When is=move || store.has_leaks() fallback=|| view! { <NotTracing /> }>
            <When
                is=move || store.leaks.with(Option::is_some)
                fallback=|| view! { <Reading /> }
            >
                <Flames />
            </When>
        </When>
    }
}

#[component]
fn Flames() -> impl IntoView {
    let store = Store::of_app();
    let look = Look::of_view();
    follow_view(store, Page::Flame, Box::new(move || look.view()));
    begin_at_mark(store, look);
    let flame = memo(move || {
        store.symbols.track();
        Arc::new(flame(store, look.measure(), look.shape()))
    });
    let place = NodeRef::<Div>::new();
    let width = use_width(place);
    let drawing = memo(move || {
        let flame = flame.read();
        let path = flame.path(flame.find(look.zoomed.get()));
        let blocks = arrange(flame.children(), flame.totals(), &path, width.get());
        let matches = flame.matches(&look.search.read());
        Arc::new(Drawing { blocks, matches })
    });
    view! {
        <SymbolInvitation />
        <Tools look />
        <When is=move || look.measure().needs_freed() && !store.is_file>
            <FreshRecords />
        </When>
        <When
            is=move || lacking(store, look.measure()).is_none() && !flame.read().is_empty()
            fallback=move || view! { <Lacking look /> }
        >
            <div class="flames">
                <section class="panel" aria-labelledby="flame-title">
                    <Head look flame drawing />
                    <Graph look flame drawing place />
                    <p class="note">{reactive(move || completeness(store, look.measure()))}</p>
                </section>
                <FrameTable look flame />
            </div>
        </When>
    }
}

/// Lets growth begin at the latest mark, until somebody chooses another moment.
fn begin_at_mark(store: Store, look: Look) {
    let known = RwSignal::new(0);
    follow(move || {
        let Some((marks, latest_us)) = latest_mark(store) else {
            return;
        };
        let span = store.span.get_untracked();
        let is_wanted = look.measure() == Measure::Growth && span.is_all();
        if is_wanted && marks != known.get_untracked() {
            known.set(marks);
            store.look_within(span.with_end("since", &latest_us.to_string()));
        }
    });
}

/// Weighs the call stacks that are shown, and makes a tree of them.
fn flame(store: Store, measure: Measure, shape: Shape) -> Flame {
    let (leaks, within) = (store.leaks.read(), store.within.read());
    let records = store.records.read();
    let span = store.span.get();
    let mut weights = match (measure.needs_freed(), is_of_time(store, measure)) {
        (true, _) => of_records(&records.records, &records.stacks, measure, span),
        (_, true) => within
            .as_ref()
            .map_or_else(Vec::new, |within| of_leaks(within, measure)),
        _ => leaks
            .as_ref()
            .map_or_else(Vec::new, |leaks| of_leaks(leaks, measure)),
    };
    weights.retain(|weight: &Weight<'_>| store.shows(weight.stack.origin));
    let made = store
        .names
        .try_update_value(|names| Flame::new(&weights, names, shape));
    made.unwrap_or_default()
}

/// Why a measure has nothing to show: what is missing, and what to do about it.
fn lacking(store: Store, measure: Measure) -> Option<(&'static str, &'static str)> {
    match measure {
        _ if is_of_time(store, measure) => lacks_time(store),
        _ if !measure.needs_freed() => None,
        _ if !keeps_freed(store) => Some((
            "Freed blocks have no record here",
            "Only a trace in all mode whose records stay on the device remembers them, and a call stack counts its blocks, not \
             their bytes. Start one to see what goes through the heap.",
        )),
        _ => (store.records.read().read_us == 0)
            .then_some(("Reading the records", "Freed blocks are among them.")),
    }
}

fn lacks_time(store: Store) -> Option<(&'static str, &'static str)> {
    const SINCE_WHEN: &str = "Growth since when?";
    let has_mark = latest_mark(store).is_some();
    if !tells_when(store) {
        return Some((
            "Nothing says when blocks were allocated",
            "Growth is told from records of single blocks, and here are none. On a device they are there where a trace keeps \
             them on the device itself.",
        ));
    }
    match (store.span.get().is_all(), has_mark) {
        (true, true) => Some((SINCE_WHEN, "Choose above from which mark on.")),
        (true, false) if store.is_file => Some((
            SINCE_WHEN,
            "This capture has no mark of its trace. Set marks while the device runs, and fetch another one.",
        )),
        (true, false) => Some((
            SINCE_WHEN,
            "Name a moment with the button Mark or the key M: what is allocated from then on and still live is shown here.",
        )),
        (false, _) => store
            .within
            .with(Option::is_none)
            .then_some(("Reading what was allocated then", "One moment.")),
    }
}

/// Returns whether it is known when the live blocks were allocated.
fn tells_when(store: Store) -> bool {
    store.has_leaks() && !(store.is_file && store.records.read().records.is_empty())
}

/// Says what a measure lacks.
#[component]
fn Lacking(look: Look) -> impl IntoView {
    let store = Store::of_app();
    let words = move || {
        let measure = look.measure();
        lacking(store, measure).unwrap_or((measure.none(), measure.hint()))
    };
    view! {
        <Empty title=Signal::derive(move || words().0.to_owned())>
            <p>{move || format!("{} {}", missing_of_records(store), words().1)}</p>
        </Empty>
    }
}

/// Says what is missing from the picture.
fn completeness(store: Store, measure: Measure) -> String {
    if measure.needs_freed() {
        let records = format::plural(store.records.read().records.len() as u64, "record");
        return format!(
            "By {records}, freed blocks among them; older ones gave way to them. {}",
            missing_of_records(store)
        );
    }
    found(store).facts
}

/// Reads the records as soon as a measure needs them, and again when asked to.
#[component]
fn FreshRecords() -> impl IntoView {
    let store = Store::of_app();
    read_when_needed(store);
    let words = move || {
        let read = store.records_loading.get()?;
        Some(format!("reading, {} so far", format::count(read as u64)))
    };
    view! {
        <p class="row">
            <Refresh />
            <span class="num" role="status">{words}</span>
        </p>
    }
}

#[component]
fn Tools(look: Look) -> impl IntoView {
    let store = Store::of_app();
    let measures = Measure::ALL.iter().enumerate();
    let measures = measures.map(|(index, measure)| {
        segment(look, look.measure, index, measure.title(), measure.hint())
    });
    let held = Callback::new(move |origin| {
        let sites = store.sites.read();
        let of_origin = || sites.iter().filter(|site| site.origin == origin);
        let bytes = of_origin().map(|site| site.bytes).sum();
        of_origin().next().map(|_| format::bytes(bytes))
    });
    view! {
        <div class="tools">
            <div class="segments" role="group" aria-label="What a width stands for">
                {measures.collect::<Vec<AnyView>>()}
            </div>
            <div class="segments" role="group" aria-label="What stands on top">
                {segment(look, look.top, 0, "Callers on top", "Below each function what it has called")}
                {segment(look, look.top, 1, "Call sites on top", "Below each call site who has called it")}
            </div>
            <input
                type="search"
                placeholder="Search function or file"
                aria-label="Search"
                bind:value=look.search
            />
            {switch(look, look.by_task, "By task", "Keep the call stacks of different tasks apart")}
            {switch(
                look,
                look.all_frames,
                "Library frames",
                "Show the frames, too, that lists fold: the way to the allocator, executors, and what starts a thread",
            )}
            <OriginSwitches held />
            <When is=move || look.measure() == Measure::Growth>
                <SpanChoice />
            </When>
            <When is=move || look.measure() != Measure::Growth>
                {span_chip(store)}
            </When>
            <When is=move || !store.span.get().is_all() && !tells_when(store)>
                <span class="note">"Of all of the trace: nothing says when blocks were allocated."</span>
            </When>
        </div>
    }
}

/// Returns whether only what was allocated in the chosen part of the trace, and is live, is weighed.
fn is_of_time(store: Store, measure: Measure) -> bool {
    let is_chosen = !store.span.get().is_all() && tells_when(store);
    measure == Measure::Growth || is_chosen && !measure.needs_freed()
}

/// Draws a button that is one of several to choose from.
fn segment(
    look: Look,
    chosen: RwSignal<usize>,
    value: usize,
    label: &'static str,
    hint: &'static str,
) -> AnyView {
    let choose = move |_| {
        chosen.set(value);
        look.pointed.set(None);
    };
    view! {
        <button
            type="button"
            title=hint
            data-testid=label
            aria-pressed=move || (chosen.get() == value).to_string()
            on:click=choose
        >
            {label}
        </button>
    }
    .into_any()
}

fn switch(look: Look, on: RwSignal<bool>, label: &str, hint: &str) -> AnyView {
    let label = label.to_owned();
    let change = Callback::new(move |is_on| {
        on.set(is_on);
        look.zoom(NOWHERE);
    });
    view! {
        <Switch
            test_id=label.clone()
            label=Signal::derive(move || label.clone())
            hint=hint.to_owned()
            on
            on_change=change
        />
    }
    .into_any()
}

/// Says what is drawn, how much of it the search has found, and the way to what is zoomed to.
#[component]
fn Head(look: Look, flame: Memo<Arc<Flame>>, drawing: Memo<Arc<Drawing>>) -> impl IntoView {
    let store = Store::of_app();
    let heading = move || {
        let flame = flame.read();
        let heading = look.measure().heading(flame.total(0));
        match look.measure().needs_freed() || is_of_time(store, look.measure()) {
            true => [&heading, " ", &span_words(store)].concat(),
            false => heading,
        }
    };
    let found = move || {
        let flame = flame.read();
        let matches = &drawing.read().matches;
        let zoomed = flame.find(look.zoomed.get());
        let (sum, all) = (flame.matching(zoomed, matches), flame.total(zoomed));
        let what = look.measure().words(sum);
        (!matches.is_empty()).then(|| match sum {
            0 => "Nothing here has that in its name.".to_owned(),
            _ => format!("Found in {what}, {} of what is shown.", share(sum, all)),
        })
    };
    view! {
        <div class="flame-head">
            <h2 id="flame-title">{reactive(heading)}</h2>
            <Breadcrumbs look flame />
            <p class="found" role="status" data-testid="found">{reactive(found)}</p>
        </div>
    }
}

/// Leads back from what is zoomed to.
#[component]
fn Breadcrumbs(look: Look, flame: Memo<Arc<Flame>>) -> impl IntoView {
    let crumbs = move || {
        let flame = flame.read();
        let path = flame.path(flame.find(look.zoomed.get()));
        let crumb = |(index, node): (usize, &usize)| {
            let label = flame.label(*node);
            let id = if index == 0 { NOWHERE } else { flame.id(*node) };
            let name = [label.name.as_str(), &label.line].concat();
            match index + 1 == path.len() {
                true => view! { <li aria-current="true">{name}</li> }.into_any(),
                false => view! {
                    <li>
                        <button type="button" class="plain" on:click=move |_| look.zoom(id)>
                            {name}
                        </button>
                    </li>
                }
                .into_any(),
            }
        };
        path.iter().enumerate().map(crumb).collect::<Vec<AnyView>>()
    };
    view! {
        <ol class="crumbs" aria-label="Zoomed to" data-testid="crumbs">{reactive(crumbs)}</ol>
    }
}
