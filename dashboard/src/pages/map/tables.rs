use std::sync::Arc;

use heapbeacon_shared::analysis::layout::Hole;
use heapbeacon_shared::analysis::ranked;
use heapbeacon_shared::trace::Address;
use leptos::prelude::*;

use super::look::Look;
use crate::components::{Item, KeyedList};
use crate::format;
use crate::location::Page;
use crate::model::map::HeapMap;
use crate::model::map::words::pin_words;
use crate::store::Store;

/// Holes, and call sites, that have a row.
const ROWS: usize = 8;

/// Says in rows which holes there are, the largest first, and what pins them.
#[component]
pub(super) fn HoleTable(look: Look, map: Memo<Arc<HeapMap>>) -> impl IntoView {
    let items = Callback::new(move |()| {
        let map = map.read();
        let holes = map.regions.iter().flat_map(|region| &region.layout.holes);
        let largest = ranked(holes, ROWS, |a, b| a.is_before(b));
        let item = |hole: &Hole| item(look, &map, hole);
        largest.into_iter().map(item).collect()
    });
    view! {
        <section class="panel">
            <h2>"Largest holes"</h2>
            <table class="holes" data-testid="hole-table">
                <thead>
                    <tr>
                        <th scope="col">"Hole"</th>
                        <th scope="col" tabindex="0" title="The fewest blocks that are in its way">"Pinned by"</th>
                        <th scope="col" class="r" tabindex="0" title="Its size without those">"Without"</th>
                    </tr>
                </thead>
                <tbody>
                    <KeyedList items />
                </tbody>
            </table>
        </section>
    }
}

/// A row stays while its hole is as it is.
fn item(look: Look, map: &HeapMap, hole: &Hole) -> Item {
    let address = hole.address;
    let (pinned, becomes) = match hole.weakest() {
        Some(pin) => (pin_words(map, pin), format::bytes(pin.becomes)),
        None => ("what no record is of".to_owned(), "–".to_owned()),
    };
    let bytes = format::bytes(hole.bytes);
    let key = format!("{address} {bytes} {pinned} {becomes}");
    Item::new(key, move || {
        view! {
            <tr class:pointed=move || look.pointed.get() == Some(address)>
                <th scope="row">
                    <button type="button" class="plain" on:click=move |_| look.pointed.set(Some(address))>
                        {bytes.clone()}
                    </button>
                    <code class="note">{Address(address).to_string()}</code>
                </th>
                <td>{pinned.clone()}</td>
                <td class="r">{becomes.clone()}</td>
            </tr>
        }
        .into_any()
    })
}

/// Says in rows whose blocks pin most: by the hole that there would be without those of one call site.
#[component]
pub(super) fn OwnerTable(map: Memo<Arc<HeapMap>>) -> impl IntoView {
    let store = Store::of_app();
    let items = Callback::new(move |()| {
        let map = map.read();
        let palette = store.palette.read();
        let owners = map.regions.iter().flat_map(|region| &region.layout.owners);
        let most = ranked(owners, ROWS, |a, b| a.is_before(b));
        let item = |stretch: &heapbeacon_shared::analysis::layout::Stretch| {
            let owner = map.owner(stretch.owner).clone();
            let class = palette.class(&owner.key);
            let becomes = format::bytes(stretch.bytes);
            let blocks = format!(
                "{}, {}",
                format::plural(stretch.blocks, "block"),
                format::bytes(stretch.block_bytes)
            );
            let holes = format::count(stretch.holes);
            let key = format!("{} {class} {becomes} {blocks} {holes}", owner.key);
            Item::new(key, move || {
                let link = format!(
                    "{}?filter={}",
                    Page::Leaks.link(),
                    js_sys::encode_uri_component(&owner.name)
                );
                view! {
                    <tr>
                        <th scope="row">
                            <i class=format!("dot {class}") aria-hidden="true"></i>
                            <a href=link><code>{owner.label.clone()}</code></a>
                        </th>
                        <td class="r">{blocks.clone()}</td>
                        <td class="r">{holes.clone()}</td>
                        <td class="r">{becomes.clone()}</td>
                    </tr>
                }
                .into_any()
            })
        };
        most.into_iter().map(item).collect()
    });
    view! {
        <section class="panel">
            <h2>"Who pins most"</h2>
            <table class="holes" data-testid="owner-table">
                <thead>
                    <tr>
                        <th scope="col">"Call site"</th>
                        <th scope="col" class="r" tabindex="0" title="Its blocks between those holes, and nobody else's">"Blocks"</th>
                        <th scope="col" class="r" tabindex="0" title="How many holes would become one">"Holes"</th>
                        <th scope="col" class="r" tabindex="0" title="The hole that there would be without those blocks">"Without"</th>
                    </tr>
                </thead>
                <tbody>
                    <KeyedList items />
                </tbody>
            </table>
        </section>
    }
}
