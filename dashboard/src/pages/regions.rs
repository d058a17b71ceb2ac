use heapbeacon_shared::trace::{Origin, Region};
use leptos::prelude::*;

use crate::format;
use crate::model::heap_sample::regions;
use crate::store::Store;

/// Shows how full each region of the heap is, and the largest piece that is left of it.
#[component]
pub(super) fn Regions() -> impl IntoView {
    let store = Store::of_app();
    let rows = move || {
        let heap = store.heap.read();
        let regions = heap.iter().flat_map(regions);
        regions.map(row).collect::<Vec<_>>()
    };
    view! {
        <section class="panel">
            <div class="regions-head">
                <h2>"Regions of the heap"</h2>
                <span class="keys" aria-hidden="true">
                    <span class="key band used">"used"</span>
                    <span class="key band largest">"largest free block"</span>
                    <span class="key most-used">"most ever used"</span>
                </span>
            </div>
            <ul class="regions">{rows}</ul>
        </section>
    }
}

fn row(region: &Region) -> AnyView {
    let [used, size] = [region.used, region.size].map(format::bytes);
    let [largest, lowest] = [region.largest_free_block, region.minimum_free].map(format::bytes);
    let origin = (region.origin == Origin::Driver).then_some(" · driver");
    let left = format!(
        "largest free block {largest} · lowest free {lowest} · fragmentation {} %",
        region.fragmentation
    );
    view! {
        <li>
            <p class="row">
                <strong>{region.name.to_string()}</strong>
                <span class="note">"at " {region.start.to_string()} {origin}</span>
                <span class="most">{used.clone()} " of " {size.clone()}</span>
            </p>
            {bar(region, format!("{used} of {size} used, {left}"))}
            <p class="note">{left}</p>
        </li>
    }
    .into_any()
}

/// Draws what is used from the left, beside it the largest piece that is left, and a line for the
/// most that was used.
fn bar(region: &Region, words: String) -> AnyView {
    let share = |bytes: u64| format::percent(bytes, region.size);
    let most_used = region.size.saturating_sub(region.minimum_free);
    let hint = "Used, the largest piece that is left, and a line for the most that was ever used";
    view! {
        <div
            class="fill"
            role="meter"
            title=hint
            tabindex="0"
            aria-label=words
            aria-valuemin="0"
            aria-valuenow=region.used.to_string()
            aria-valuemax=region.size.to_string()
        >
            <b style:width=share(region.used)></b>
            <s style:left=share(region.used) style:width=share(region.largest_free_block)></s>
            <u style:left=share(most_used)></u>
        </div>
    }
    .into_any()
}
