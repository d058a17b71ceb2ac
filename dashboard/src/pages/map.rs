use std::sync::Arc;

use leptos::prelude::*;

use super::history_end::{has_heap_history, heap_end};
use super::lost::lost_of_records;
use super::reading::Reading;
use super::records::{Refresh, read_when_needed};
use super::span::{SpanChoice, follow_view};
use super::start::NotTracing;
use super::symbols::SymbolInvitation;
use crate::charts::TimeChart;
use crate::components::{Empty, When, memo, reactive};
use crate::format;
use crate::location::Page;
use crate::model::map::colours::{Colours, Entry, entry_words};
use crate::model::map::words::{completeness, region_words};
use crate::model::map::{HeapMap, Known};
use crate::store::Store;

mod drawing;
mod history;
mod look;
mod tables;

use drawing::RegionMap;
use look::{Look, SegmentedColours};
use tables::{HoleTable, OwnerTable};

/// What lies where in the heap, what is free between it, and who is in the way.
#[component]
pub fn MapPage() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <h1 class="unseen">"Heap map"</h1>
        <When is=move || store.has_leaks() fallback=|| view! { <NotTracing /> }>
            <Maps />
        </When>
    }
}

#[component]
fn Maps() -> impl IntoView {
    let store = Store::of_app();
    let look = Look::of_view();
    follow_view(store, Page::Map, Box::new(move || look.view()));
    if !store.is_file {
        read_when_needed(store);
    }
    let map = memo(move || {
        store.symbols.track();
        Arc::new(laid_out(store))
    });
    let colours = memo(move || Arc::new(coloured(store, look, &map.read())));
    let is_read = move || store.records.read().read_us > 0;
    view! {
        <SymbolInvitation />
        <Tools look />
        <When is=is_read fallback=|| view! { <Reading /> }>
            <When is=move || !map.read().is_empty() fallback=|| view! { <NoBlocks /> }>
                <div class="flames maps">
                    <section class="panel" aria-labelledby="map-title">
                        <Head map colours />
                        <RegionMaps look map colours />
                        <p class="note" data-testid="map-lost">{reactive(move || lost_of_records(store))}</p>
                    </section>
                    <div>
                        <HoleTable look map />
                        <OwnerTable map />
                        <Fragmentation />
                    </div>
                </div>
            </When>
        </When>
    }
}

/// Lays out the records as they were read last, with what was known of the heap then.
fn laid_out(store: Store) -> HeapMap {
    let records = store.records.read();
    let (heap, trace) = (store.heap.read_untracked(), store.trace.read_untracked());
    let device = store.device.read_untracked();
    let (Some(heap), Some(trace), Some(device)) = (&*heap, &*trace, &*device) else {
        return HeapMap::default();
    };
    let known = Known {
        heap,
        trace,
        pointer_bytes: device.pointer_bytes,
    };
    let made = store
        .names
        .try_update_value(|names| HeapMap::new(known, &records, names));
    made.unwrap_or_default()
}

fn coloured(store: Store, look: Look, map: &HeapMap) -> Colours {
    let task = |given: &str| store.names.with_value(|names| names.task(given));
    Colours::new(
        map,
        look.colour_by(),
        &store.palette.read(),
        &store.sites.read(),
        &task,
        store.records.read().read_us,
        store.span.get(),
    )
}

#[component]
fn Tools(look: Look) -> impl IntoView {
    let store = Store::of_app();
    let words = move || match store.records_loading.get() {
        Some(read) => format!("reading, {} so far", format::count(read as u64)),
        None => format::plural(store.records.read().records.len() as u64, "record"),
    };
    view! {
        <div class="tools">
            <SegmentedColours look />
            <SpanChoice />
            <span class="num" role="status">{words}</span>
            <When is=move || !store.is_file>
                <Refresh />
            </When>
        </div>
    }
}

#[component]
fn NoBlocks() -> impl IntoView {
    view! {
        <Empty title="No block is known">
            <p>
                "A heap map is drawn from records of live blocks, and from where the heap lies. Here is none of both: let the trace go on "
                "for a while, and refresh."
            </p>
        </Empty>
    }
}

/// Says what the holes come to, and what has which colour.
#[component]
fn Head(map: Memo<Arc<HeapMap>>, colours: Memo<Arc<Colours>>) -> impl IntoView {
    let key = move || {
        let colours = colours.read();
        let entry = |entry: &Entry| {
            view! { <span class=format!("key band {}", entry.class)>{entry_words(entry)}</span> }
                .into_any()
        };
        colours
            .key
            .iter()
            .take(look::KEYS)
            .map(entry)
            .collect::<Vec<AnyView>>()
    };
    let has_unknown = move || {
        let map = map.read();
        map.regions
            .iter()
            .any(|region| region.layout.sums.unknown > 0)
    };
    view! {
        <div class="flame-head">
            <h2 id="map-title">"What lies where"</h2>
            <span class="keys" data-testid="map-key">
                {reactive(key)}
                <span class="key band hole-key">"hole"</span>
                <When is=has_unknown>
                    <span class="key band unknown-key">"no record"</span>
                </When>
            </span>
        </div>
    }
}

/// Draws the regions, one below the other.
#[component]
fn RegionMaps(look: Look, map: Memo<Arc<HeapMap>>, colours: Memo<Arc<Colours>>) -> impl IntoView {
    let count = memo(move || map.read().regions.len());
    let regions = move || {
        let region = |index: usize| {
            view! {
                <RegionHead map index />
                <RegionMap look map colours index />
                <p class="note" data-testid="map-complete">
                    {move || map.read().regions.get(index).map(completeness)}
                </p>
            }
            .into_any()
        };
        (0..count.get()).map(region).collect::<Vec<AnyView>>()
    };
    view! { {reactive(regions)} }
}

#[component]
fn RegionHead(map: Memo<Arc<HeapMap>>, index: usize) -> impl IntoView {
    let name = move || {
        let map = map.read();
        let region = &map.regions.get(index)?.region;
        let size = format::whole_bytes(region.size);
        Some(format!("{} at {}, {size}", region.name, region.start))
    };
    let words = move || {
        let map = map.read();
        map.regions
            .get(index)
            .map(|region| region_words(&map, region))
    };
    view! {
        <p class="map-region" data-testid="map-region">
            <strong>{reactive(words)}</strong> " " <span class="note">{reactive(name)}</span>
        </p>
    }
}

/// Shows how the largest hole went with what is free, over time.
#[component]
fn Fragmentation() -> impl IntoView {
    let store = Store::of_app();
    let plot = memo(move || {
        let samples = store.heap_history.read().within(u64::MAX);
        history::plot(&samples, heap_end(store))
    });
    has_heap_history(store).then(|| view! { <TimeChart title="Fragmentation" height=180.0 plot /> })
}
