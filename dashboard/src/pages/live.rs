use heapbeacon_shared::analysis::{accounting_holds, fragmentation_percent};
use heapbeacon_shared::api::{Heap, Region, Trace};
use leptos::prelude::*;

use super::start::NotTracing;
use crate::charts::TimeChart;
use crate::components::{Card, When};
use crate::format;
use crate::state::{HeapSample, Store, regions, used_series};

mod plots;

/// Microseconds over which the growth of the heap is taken.
const GROWTH_WINDOW_US: u64 = 300_000_000;
/// Microseconds before there is a growth to tell.
const SOME_DATA_US: u64 = 10_000_000;

/// The heap over time.
#[component]
pub fn LivePage() -> impl IntoView {
    let store = Store::of_app();
    let heap_plot = Memo::new(move |_| plots::heap(store.heap_history.read().items()));
    let sites_plot = Memo::new(move |_| plots::sites(store));
    view! {
        <h1 class="unseen">"Live"</h1>
        <Cards />
        <TimeChart title="Heap" height=240.0 plot=heap_plot />
        <When is=move || store.has_started() fallback=|| view! { <NotTracing /> }>
            <TimeChart title="Live bytes by call site" height=200.0 plot=sites_plot />
            <Accounting />
        </When>
        <Regions />
    }
}

#[component]
fn Cards() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <div class="cards">
            {move || used_card(store)} {move || largest_card(store)} {move || lowest_card(store)}
            {move || allocations_card(store)}
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
    let (note, alarming) = growth(store.heap_history.read().items());
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
    let history = store.heap_history.read();
    let seen = history.items().iter().map(|sample| sample.free).min();
    let note = format!("since boot; seen {}", format::bytes(seen.unwrap_or(0)));
    let value = with_unit(now(store).minimum_free);
    let hint = "Fewest bytes that were left since boot, and since this page opened";
    view! { <Card title="Lowest free" hint value note /> }.into_any()
}

fn allocations_card(store: Store) -> AnyView {
    let failed = store
        .heap
        .with(|heap| heap.as_ref().map_or(0, |heap| heap.failed_allocations));
    let (allocations, frees) = match store.rates.with(|rates| rates.per_second()) {
        Some((allocations, frees)) => (format::rate(allocations), format::rate(frees)),
        None => ("–".to_owned(), "–".to_owned()),
    };
    let note = format!("{frees} frees/s · {} failed", format::count(failed));
    let value = (allocations, "/s".to_owned());
    let hint = "Over the last few seconds; failed ones since the trace started";
    let alarming = failed > 0;
    view! { <Card title="Allocations" hint value note alarming /> }.into_any()
}

fn with_unit(bytes: u64) -> (String, String) {
    let (value, unit) = format::bytes_parts(bytes as f64);
    (value, unit.to_owned())
}

/// Says how the used bytes grow, and whether that calls for action.
fn growth(samples: &[HeapSample]) -> (String, bool) {
    let series = used_series(samples);
    let span_us = series.span_us();
    if span_us < SOME_DATA_US {
        return (format!("watching for {}", format::duration(span_us)), false);
    }
    let window_us = span_us.min(GROWTH_WINDOW_US);
    let per_minute = series.growth_per_minute(window_us);
    let window = format::duration(window_us);
    match format::growth(per_minute).as_str() {
        "0" => (format!("steady over {window}"), false),
        growth => (format!("{growth} over {window}"), per_minute > 0.0),
    }
}

/// Shows that the trace's counters agree, and says what it lost.
#[component]
fn Accounting() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <section class="panel accounting" title="Every block that was allocated is freed, evicted or live">
            <h2>"Accounting"</h2>
            {move || store.trace.with(|trace| trace.as_ref().map(accounts))}
        </section>
    }
}

fn accounts(trace: &Trace) -> AnyView {
    if trace.capacity == 0 {
        let sentence = "Events go to a host, and no record is kept here: nothing can be added up.";
        return view! { <p>{sentence}</p> }.into_any();
    }
    let holds = accounting_holds(trace);
    let verdict = if holds {
        "✓ adds up"
    } else {
        "⚠ does not add up"
    };
    let loss = |loss: String| view! { <li>{loss}</li> }.into_any();
    let losses: Vec<AnyView> = losses(trace).into_iter().map(loss).collect();
    view! {
        <p class="identity">
            <span><b>{format::count(trace.total_allocations)}</b> " allocations"</span> " − "
            <span><b>{format::count(trace.matched_frees)}</b> " frees"</span> " − "
            <span><b>{format::count(trace.evicted_live)}</b> " evicted"</span> " = "
            <span><b>{format::count(trace.live_count)}</b> " live"</span> " "
            <span class="tag" class:good=holds class:bad=!holds>
                {verdict}
            </span>
        </p>
        <ul class="losses">{losses}</ul>
    }
    .into_any()
}

/// Says what the trace does not know, one sentence each.
fn losses(trace: &Trace) -> Vec<String> {
    let told = [
        (
            trace.evicted_live,
            "live record",
            "given up for room: use a larger buffer, or read what is below as a lower bound.",
        ),
        (
            trace.unmatched_frees,
            "free",
            "of a block without a record: allocated before the start or during a pause, or evicted.",
        ),
        (
            trace.wrong_frees,
            "free",
            "of a pointer inside a live block: a bug in the firmware.",
        ),
        (trace.dropped, "event", "never reached the host."),
        (
            trace.other_allocations,
            "allocation",
            "share one call stack, because the stack table is full.",
        ),
    ];
    let told = told.iter().filter(|(number, ..)| *number > 0);
    told.map(|(number, thing, fate)| format!("{} {fate}", format::plural(*number, thing)))
        .collect()
}

/// Lists the regions, where there are several.
#[component]
fn Regions() -> impl IntoView {
    let store = Store::of_app();
    let several = move || {
        let heap = store.heap.read();
        heap.as_ref().is_some_and(|heap| regions(heap).count() > 1)
    };
    view! {
        <When is=several>
            <table>
                <caption class="unseen">"Regions of the heap"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Region"</th>
                        <th scope="col" class="r">"Size"</th>
                        <th scope="col" class="r">"Used"</th>
                        <th scope="col" class="r">"Largest free"</th>
                        <th scope="col" class="r optional">"Lowest free"</th>
                        <th scope="col" class="r optional">"Fragmentation"</th>
                    </tr>
                </thead>
                <tbody>{move || store.heap.with(|heap| heap.as_ref().map(region_rows))}</tbody>
            </table>
        </When>
    }
}

fn region_rows(heap: &Heap) -> Vec<AnyView> {
    let row = |region: &Region| {
        view! {
            <tr>
                <th scope="row">
                    <code>{region.name.to_string()}</code>
                    <span class="note optional">" at " {region.start.to_string()}</span>
                </th>
                <td class="r">{format::bytes(region.size)}</td>
                <td class="r">{format::bytes(region.used)}</td>
                <td class="r">{format::bytes(region.largest_free_block)}</td>
                <td class="r optional">{format::bytes(region.minimum_free)}</td>
                <td class="r optional">{format!("{} %", region.fragmentation)}</td>
            </tr>
        }
        .into_any()
    };
    regions(heap).map(row).collect()
}
