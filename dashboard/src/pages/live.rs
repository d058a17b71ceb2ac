use heapbeacon_shared::analysis::{accounting_holds, fragmentation_percent};
use heapbeacon_shared::api::{Heap, Trace};
use leptos::prelude::*;

use super::start::{NotTracing, use_started};
use crate::charts::TimeChart;
use crate::components::Card;
use crate::format;
use crate::state::{HeapSample, Store, used_series};

mod plots;

/// Microseconds over which the growth of the heap is taken.
const GROWTH_WINDOW_US: u64 = 300_000_000;
/// Microseconds before there is a growth to tell.
const SOME_DATA_US: u64 = 10_000_000;

/// The heap over time.
#[component]
pub fn LivePage() -> impl IntoView {
    let store = Store::of_app();
    let started = use_started(store);
    let heap_plot = Memo::new(move |_| plots::heap(store.heap_history.read().items()));
    let sites_plot = Memo::new(move |_| plots::sites(store));
    view! {
        <h1 class="unseen">"Live"</h1>
        <Cards />
        <TimeChart title="Heap" height=240.0 plot=heap_plot />
        <Show when=move || started.get() fallback=|| view! { <NotTracing /> }>
            <TimeChart title="Live bytes by call site" height=200.0 plot=sites_plot />
            <Accounting />
        </Show>
        <Regions />
    }
}

#[component]
fn Cards() -> impl IntoView {
    let store = Store::of_app();
    let now = Memo::new(move |_| {
        store
            .heap_history
            .read()
            .items()
            .last()
            .copied()
            .unwrap_or_default()
    });
    let growth = Memo::new(move |_| growth(store.heap_history.read().items()));
    let lowest_seen = Memo::new(move |_| {
        let history = store.heap_history.read();
        history
            .items()
            .iter()
            .map(|sample| sample.free)
            .min()
            .unwrap_or(0)
    });
    let rates = Memo::new(move |_| store.rates.with(|rates| rates.per_second()));
    let failed = Memo::new(move |_| {
        let heap = store.heap.read();
        heap.as_ref().map_or(0, |heap| heap.failed_allocations)
    });
    let used = move || {
        let (value, unit) = format::bytes_parts(now.get().used as f64);
        (
            value,
            format!("{unit} of {}", format::bytes(now.get().size)),
        )
    };
    let fragmentation = move || {
        let now = now.get();
        let percent = fragmentation_percent(now.free, now.largest_free_block);
        format!("fragmentation {percent} %")
    };
    let lowest = move || {
        let seen = format::bytes(lowest_seen.get());
        format!("since boot; seen {seen}")
    };
    let allocations = move || match rates.get() {
        Some((allocations, _)) => (format::rate(allocations), "/s".to_owned()),
        None => ("–".to_owned(), "/s".to_owned()),
    };
    let frees = move || {
        let frees = rates
            .get()
            .map_or_else(|| "–".to_owned(), |(_, frees)| format::rate(frees));
        format!("{frees} frees/s · {} failed", format::count(failed.get()))
    };
    view! {
        <div class="cards">
            <Card
                title="Used"
                hint="Bytes handed out in all regions, and their growth without what comes and goes"
                value=Signal::derive(used)
                note=Signal::derive(move || growth.get().0)
                alarming=Signal::derive(move || growth.get().1)
            />
            <Card
                title="Largest free block"
                hint="The largest request that would succeed now; fragmentation is the share of the free bytes that it can't serve"
                value=Signal::derive(move || with_unit(now.get().largest_free_block))
                note=Signal::derive(fragmentation)
            />
            <Card
                title="Lowest free"
                hint="Fewest bytes that were left since boot, and since this page opened"
                value=Signal::derive(move || with_unit(now.get().minimum_free))
                note=Signal::derive(lowest)
            />
            <Card
                title="Allocations"
                hint="Over the last few seconds; failed ones since the trace started"
                value=Signal::derive(allocations)
                note=Signal::derive(frees)
                alarming=Signal::derive(move || { failed.get() > 0 })
            />
        </div>
    }
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
    let trace = Memo::new(move |_| store.trace.get().unwrap_or_default());
    let holds = Memo::new(move |_| trace.with(accounting_holds));
    let number = move |of: fn(&Trace) -> u64| move || trace.with(|trace| format::count(of(trace)));
    let verdict = move || {
        if holds.get() {
            "✓ adds up"
        } else {
            "⚠ does not add up"
        }
    };
    view! {
        <section class="panel accounting" title="Every block that was allocated is freed, evicted or live">
            <h2>"Accounting"</h2>
            <p class="identity">
                <span><b>{number(|t| t.total_allocations)}</b> " allocations"</span> " − "
                <span><b>{number(|t| t.matched_frees)}</b> " frees"</span> " − "
                <span><b>{number(|t| t.evicted_live)}</b> " evicted"</span> " = "
                <span><b>{number(|t| t.live_count)}</b> " live"</span> " "
                <span class="tag" class:good=move || holds.get() class:bad=move || !holds.get()>
                    {verdict}
                </span>
            </p>
            <ul class="losses">
                {move || {
                    let losses = trace.with(losses).into_iter();
                    losses.map(|loss| view! { <li>{loss}</li> }).collect_view()
                }}
            </ul>
        </section>
    }
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
    let several = Memo::new(move |_| {
        store
            .heap
            .with(|heap| heap.as_ref().is_some_and(|heap| heap.regions.len() > 1))
    });
    let rows = move || store.heap.with(|heap| heap.as_ref().map(region_rows));
    view! {
        <Show when=move || several.get()>
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
                <tbody>{rows}</tbody>
            </table>
        </Show>
    }
}

fn region_rows(heap: &Heap) -> impl IntoView + use<> {
    let row = |region: &heapbeacon_shared::api::Region| {
        let bytes = [region.size, region.used, region.largest_free_block];
        let cells = bytes.map(|bytes| view! { <td class="r">{format::bytes(bytes)}</td> });
        view! {
            <tr>
                <th scope="row">
                    <code>{region.name.to_string()}</code>
                    <span class="note optional">" at " {region.start.to_string()}</span>
                </th>
                {cells.collect_view()}
                <td class="r optional">{format::bytes(region.minimum_free)}</td>
                <td class="r optional">{region.fragmentation} " %"</td>
            </tr>
        }
    };
    heap.regions.iter().map(row).collect_view()
}
