use heapbeacon_shared::analysis::{accounting_holds, fragmentation_percent};
use heapbeacon_shared::api::{Heap, Trace};
use heapbeacon_shared::trace::State;
use leptos::prelude::*;

use super::history_end::{has_heap_history, heap_end};
use super::leaks::found;
use super::passing::Followed;
use super::regions::Regions;
use super::reserve::ReserveNote;
use super::span::follow_view;
use super::start::NotTracing;
use crate::charts::{Brush, TimeChart};
use crate::components::{Card, When, memo, reactive};
use crate::format;
use crate::location::{Page, view_value};
use crate::model::events::Event;
use crate::model::finding::completeness::{gaps, untraced};
use crate::model::heap_history::HeapHistory;
use crate::model::heap_sample::{HeapSample, regions};
use crate::store::Store;
use chosen::ChosenTime;
use events::Events;
use window::WindowChoice;
use wrong_frees::WrongFrees;

mod chosen;
mod events;
mod plots;
mod window;
mod wrong_frees;

/// The heap over time.
#[component]
pub fn LivePage() -> impl IntoView {
    let store = Store::of_app();
    let events = memo(move || store.events());
    let several = move || {
        let heap = store.heap.read();
        heap.as_ref().is_some_and(|heap| regions(heap).count() > 1)
    };
    view! {
        <h1 class="unseen">{Page::Live.name(store.is_file)}</h1>
        <LeakSentence />
        <Cards />
        <ReserveNote />
        <When is=several>
            <Regions />
        </When>
        <div class="flames live">
            <div>{charts(store, events)}</div>
            <div>
                <Events events />
                <When is=move || store.has_leaks()>
                    <Followed />
                    <WrongFrees />
                    <When is=move || counted_by_device(store)>
                        <Accounting />
                    </When>
                </When>
            </div>
        </div>
    }
}

/// Draws the heap over time, and who holds it.
fn charts(store: Store, events: Memo<Vec<Event>>) -> impl IntoView {
    let window = chosen_window(store);
    // Which part of the trace all pages look at.
    let brush = Brush::new(
        store.span,
        Callback::new(move |span| store.look_within(span)),
    );
    let heap_plot = memo(move || {
        plots::heap(
            &store.heap_history.read(),
            window::length_us(window.get()),
            &events.read(),
            heap_end(store),
        )
    });
    let sites_plot = memo(move || plots::sites(store, &events.read()));
    let heap_chart = move || {
        let tools = view! { <WindowChoice window /> }.into_any();
        view! { <TimeChart title="Heap" height=240.0 plot=heap_plot tools brush /> }
    };
    let has_history = has_heap_history(store);
    let title = match store.is_file {
        true => "Live bytes by when they were allocated",
        false => "Live bytes by call site",
    };
    // Opened after a stop or a pause there is nothing to draw.
    let has_points =
        move || !sites_plot.read().layers.is_empty() || state(store) == Some(State::Recording);
    view! {
        {has_history.then(heap_chart)}
        {has_history.then(|| view! { <ChosenTime /> })}
        <When is=move || store.has_leaks() fallback=|| view! { <NotTracing /> }>
            <When is=has_points fallback=move || nothing_recorded(title)>
                <TimeChart title height=200.0 plot=sites_plot brush />
                {(!has_history).then(|| view! { <ChosenTime /> })}
            </When>
        </When>
    }
}

/// Returns how much of the time the heap's chart is to show, which the address of the page says, too.
fn chosen_window(store: Store) -> RwSignal<Option<usize>> {
    let window: RwSignal<Option<usize>> = RwSignal::new(view_value("window").parse().ok());
    follow_view(
        store,
        Page::Live,
        Box::new(move || {
            let chosen = window.get();
            let chosen = chosen.map_or_else(String::new, |chosen| chosen.to_string());
            vec![("window", chosen)]
        }),
    );
    window
}

fn nothing_recorded(title: &'static str) -> impl IntoView {
    view! {
        <section class="panel">
            <h2>{title}</h2>
            <p class="note">"No allocation was recorded since this page opened."</p>
        </section>
    }
}

/// Shows whether anything leaks, and where to find out more.
#[component]
fn LeakSentence() -> impl IntoView {
    let store = Store::of_app();
    let sentence = move || {
        let found = found(store);
        (!found.headline.is_empty()).then(|| {
            view! {
                <section class=found.tone.class() aria-label="Leaks">
                    <h2>{found.headline}</h2>
                    <a href=Page::Leaks.link() data-testid="leak-link">
                        "Who holds the heap"
                    </a>
                </section>
            }
            .into_any()
        })
    };
    view! { {reactive(sentence)} }
}

#[component]
fn Cards() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <div class="cards">
            <When is=move || !store.heap_history.read().items().is_empty()>
                {reactive(move || used_card(store))} {reactive(move || largest_card(store))}
                {reactive(move || lowest_card(store))}
            </When>
            {reactive(move || allocations_card(store))}
        </div>
    }
}

fn now(store: Store) -> HeapSample {
    let history = store.heap_history.read();
    history.items().last().copied().unwrap_or_default()
}

fn used_card(store: Store) -> AnyView {
    let now = now(store);
    let (value, unit) = format::bytes_parts(now.used as f64);
    let value = (value, format!("{unit} of {}", format::bytes(now.size)));
    let (note, alarming) = match store.is_file {
        true => (format!("{} free", format::bytes(now.free)), false),
        false => {
            let (words, grows) = growth(&store.heap_history.read());
            // What only fills up at the start is no reason for alarm.
            let sites = store.sites.read();
            (
                words,
                grows && sites.iter().any(|site| site.judgement.leaks()),
            )
        }
    };
    let hint = "Bytes handed out in all regions, and their growth without what comes and goes";
    view! { <Card title="Used" hint value note alarming /> }.into_any()
}

fn largest_card(store: Store) -> AnyView {
    let now = now(store);
    let percent = fragmentation_percent(now.free, now.largest_free_block);
    let note = format!("fragmentation {percent} %");
    let value = with_unit(now.largest_free_block);
    let hint = "The largest request that would succeed now; fragmentation is the share of the free \
                bytes that it can't serve";
    view! { <Card title="Largest free block" hint value note /> }.into_any()
}

fn lowest_card(store: Store) -> AnyView {
    let value = with_unit(now(store).minimum_free);
    let note = "since boot".to_owned();
    let hint = "Fewest bytes that were left since boot";
    view! { <Card title="Lowest free" hint value note /> }.into_any()
}

fn allocations_card(store: Store) -> AnyView {
    let failed = store
        .heap
        .with(|heap| heap.as_ref().map_or(0, |heap| heap.failed_allocations));
    let alarming = failed > 0;
    if store.is_file {
        let (allocations, frees) = store.trace.with(counted);
        let note = format!("{frees} frees · {} failed", format::count(failed));
        let value = (allocations, String::new());
        let hint = "From the start of the trace to the capture";
        return view! { <Card title="Allocations" hint value note alarming /> }.into_any();
    }
    let state = state(store);
    let rates = store.rates.with(|rates| rates.per_second());
    let known = |is_counted: bool, rate: Option<f64>| match rate.filter(|_| is_counted) {
        Some(rate) => format!("{}/s", format::rate(rate)),
        None => "–".to_owned(),
    };
    let is_recording = state == Some(State::Recording);
    let sees_frees = is_recording || state == Some(State::Paused);
    let allocations = known(is_recording, rates.map(|(allocations, _)| allocations));
    let frees = known(sees_frees, rates.map(|(_, frees)| frees));
    let failed = format::count(failed);
    let note = match sees_frees {
        true => format!("{frees} frees · {failed} failed"),
        false => format!("not recorded · {failed} failed before"),
    };
    let value = (allocations, String::new());
    let hint =
        "Over the last few seconds, while they are recorded; failed ones since the trace started";
    view! { <Card title="Allocations" hint value note alarming /> }.into_any()
}

fn state(store: Store) -> Option<State> {
    let trace = store.trace.read();
    trace.as_ref().map(|trace| trace.summary.state)
}

/// Returns the allocations and the frees of a trace.
fn counted(trace: &Option<Trace>) -> (String, String) {
    let [allocations, frees] = trace
        .as_ref()
        .map_or([0; 2], |trace| {
            [trace.summary.total_allocations, trace.total_frees]
        })
        .map(format::count);
    (allocations, frees)
}

fn with_unit(bytes: u64) -> (String, String) {
    let (value, unit) = format::bytes_parts(bytes as f64);
    (value, unit.to_owned())
}

/// Describes how the used bytes grow, and whether they do.
fn growth(history: &HeapHistory) -> (String, bool) {
    let outlook = history.outlook();
    let growths = history.growths();
    let goes_on = growths.last().filter(|growth| !growth.is_over);
    if let Some(growth) = goes_on.filter(|_| !outlook.lasts) {
        let gained = format::bytes(growth.bytes);
        let took = format::duration(growth.until_us - growth.from_us);
        return (format!("+{gained} in {took}"), true);
    }
    if outlook.window_us == 0 {
        return ("watching, no growth to tell yet".to_owned(), false);
    }
    let window = format::duration(outlook.window_us);
    let is_told = outlook.lasts || outlook.bytes_per_minute < 0.0;
    match format::growth(outlook.bytes_per_minute).as_str() {
        growth if is_told && growth != "0" => (
            format!("{growth} over {window}"),
            outlook.bytes_per_minute > 0.0,
        ),
        _ => (format!("steady over {window}"), false),
    }
}

/// Returns whether there are counters to add up: a damaged file may have lost them.
fn counted_by_device(store: Store) -> bool {
    store.opened.with(|opened| {
        opened
            .as_ref()
            .is_none_or(|opened| !opened.loss.lacks_counters)
    })
}

/// Shows that the trace's counters agree, and says what it lost.
#[component]
fn Accounting() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <section class="panel accounting" title="Every block that was allocated is freed, evicted or live" tabindex="0">
            <h2>"Accounting"</h2>
            {move || {
                let heap = store.heap.read();
                let trace = store.trace.read();
                trace.as_ref().map(|trace| accounts(trace, heap.as_ref()))
            }}
        </section>
    }
}

fn accounts(trace: &Trace, heap: Option<&Heap>) -> AnyView {
    let holds = accounting_holds(&trace.summary);
    let verdict = if holds {
        "✓ adds up"
    } else {
        "⚠ does not add up"
    };
    let missed = (trace.summary.missed_frees > 0).then(|| {
        view! { <span><b>{format::count(trace.summary.missed_frees)}</b> " missed frees"</span> " − " }
    });
    let loss = |loss: String| view! { <li>{loss}</li> }.into_any();
    let untraced = heap.and_then(|heap| untraced(heap, trace));
    let losses = losses(trace).into_iter().chain(untraced);
    let losses: Vec<AnyView> = losses.map(loss).collect();
    view! {
        <p class="identity">
            <span><b>{format::count(trace.summary.total_allocations)}</b> " allocations"</span> " − "
            <span><b>{format::count(trace.summary.matched_frees)}</b> " frees"</span> " − "
            {missed} <span><b>{format::count(trace.summary.evicted_live)}</b> " evicted"</span> " = "
            <span><b>{format::count(trace.summary.live_count)}</b> " live"</span> " "
            <span class="tag" class:good=holds class:bad=!holds>
                {verdict}
            </span>
        </p>
        <ul class="losses">{losses}</ul>
    }
    .into_any()
}

/// Describes what the trace does not know, one sentence each.
fn losses(trace: &Trace) -> Vec<String> {
    let told = [
        (
            trace.summary.evicted_live,
            "live record",
            "given up for room: use a larger buffer, or read what is below as a lower bound.",
        ),
        (
            trace.summary.unmatched_frees,
            "free",
            "of a block without a record: allocated before the start, or during a stop or a pause, or evicted.",
        ),
        (
            trace.summary.missed_frees,
            "block",
            "ended without a free that was seen: the address was handed out again. The heap was reset, a free passed by the tracer, or the trace was stopped meanwhile.",
        ),
        (
            trace.summary.wrong_frees,
            "free",
            "of a pointer inside a live block, or of a block that was freed before: a bug in the firmware.",
        ),
        (
            trace.summary.unchecked_frees,
            "free",
            "not checked for a pointer inside a block: more came than could be kept in mind.",
        ),
        (trace.summary.dropped, "event", "never reached the host."),
        (
            trace.summary.stacks_recycled,
            "call stack",
            "given up for another one while without a record: what it had counted is gone.",
        ),
        (
            trace.summary.other_allocations,
            "allocation",
            "share one call stack, because the stack table is full.",
        ),
    ];
    let told = told.iter().filter(|(number, ..)| *number > 0);
    let told =
        told.map(|(number, thing, fate)| format!("{} {fate}", format::plural(*number, thing)));
    let gaps = gaps(trace).into_iter().map(str::to_owned);
    told.chain(gaps).collect()
}
