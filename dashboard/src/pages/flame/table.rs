use std::sync::Arc;

use leptos::prelude::*;

use super::look::Look;
use crate::components::{Item, KeyedList};
use crate::format;
use crate::model::flame::{Flame, share};
use crate::store::Store;

/// Rows at most.
const ROWS: usize = 60;
/// Part of what is zoomed to that a row has at least: one in so many.
const LEAST: u64 = 200;
/// Steps that rows are indented by at most.
const INDENTS: usize = 12;

/// Says in rows what the drawing shows: below each frame those behind it, those with most first.
#[component]
pub(super) fn FrameTable(look: Look, flame: Memo<Arc<Flame>>) -> impl IntoView {
    let items = Callback::new(move |()| {
        let now = flame.read();
        let rows = rows(&now, now.find(look.zoomed.get())).into_iter();
        let item = |(node, _)| row_item(look, flame, now.id(node));
        rows.map(item).collect()
    });
    let cut = move || cut_words(&flame.read(), look.zoomed.get());
    view! {
        <div>
        <table class="frames" data-testid="frame-table">
            <caption class="unseen">"The frames of the picture, each with what is behind it below it"</caption>
            <thead>
                <tr>
                    <th scope="col">"Frame"</th>
                    <th scope="col" class="r" tabindex="0" title="With all that is behind it">{move || look.measure().title()}</th>
                    <th scope="col" class="r own" tabindex="0" title="What ends at this frame">"Own"</th>
                    <th scope="col" class="r share" tabindex="0" title="Of all, whatever is zoomed to">"Share"</th>
                </tr>
            </thead>
            <tbody>
                <KeyedList items />
            </tbody>
        </table>
        <p class="hidden">{cut}</p>
        </div>
    }
}

/// A row stays while its frame is there, whatever is zoomed to, and with it the focus; only what changes is written anew.
fn row_item(look: Look, flame: Memo<Arc<Flame>>, id: usize) -> Item {
    Item::new(id.to_string(), move || row(look, flame, id))
}

fn row(look: Look, flame: Memo<Arc<Flame>>, id: usize) -> AnyView {
    let store = Store::of_app();
    let of_node = move |words: fn(&Flame, usize, Look) -> String| {
        move || {
            let flame = flame.read();
            words(&flame, flame.find(id), look)
        }
    };
    let label = {
        let flame = flame.read_untracked();
        flame.label(flame.find(id)).clone()
    };
    let site = label.site.clone();
    let dot = move || {
        let colour = site.as_ref().map(|site| store.palette.read().class(site))?;
        Some(view! { <i class=format!("dot {colour}") aria-hidden="true"></i> }.into_any())
    };
    let place = label.place.filter(|place| *place != label.full_name);
    let depth = of_node(|flame, node, look| {
        let [own, zoomed] =
            [node, flame.find(look.zoomed.get())].map(|node| flame.path(node).len());
        own.saturating_sub(zoomed).min(INDENTS).to_string()
    });
    let width = of_node(|flame, node, _| {
        let percent = format::percent(flame.total(node), flame.total(0));
        percent.trim_end_matches('%').to_owned()
    });
    view! {
        <tr
            class:pointed=move || look.pointed.get() == Some(id)
            on:mouseenter=move |_| look.pointed.set(Some(id))
            on:mouseleave=move |_| look.pointed.set(None)
        >
            <th scope="row" style:--depth=depth>
                <button type="button" class="plain" title=label.full_name on:click=move |_| look.zoom(id)>
                    <span class="unseen">"Level " {depth} ": "</span>
                    {dot}
                    <code>{label.name}</code>
                </button>
                {place.map(|place| view! { <span class="note">{place}</span> })}
            </th>
            <td class="r">{of_node(|flame, node, look| look.measure().words(flame.total(node)))}</td>
            <td class="r own">
                {of_node(|flame, node, look| match flame.own(node) {
                    0 => "–".to_owned(),
                    own => look.measure().words(own),
                })}
            </td>
            <td class="r share">
                <i style:--share=width aria-hidden="true"></i>
                {of_node(|flame, node, _| share(flame.total(node), flame.total(0)))}
            </td>
        </tr>
    }
    .into_any()
}

/// Returns the nodes that have rows, each with how far it is behind what is zoomed to.
fn rows(flame: &Flame, zoomed: usize) -> Vec<(usize, usize)> {
    let least = (flame.total(zoomed) / LEAST).max(1);
    flame.outline(zoomed, least, ROWS)
}

/// Says how many frames have no row.
fn cut_words(flame: &Flame, zoomed: usize) -> Option<String> {
    let zoomed = flame.find(zoomed);
    let all = flame.outline(zoomed, 1, usize::MAX).len();
    let left = all - rows(flame, zoomed).len();
    (left > 0).then(|| {
        let words = format::plural(left as u64, "smaller frame");
        let verb = if left == 1 { "has" } else { "have" };
        format!("{words} {verb} no row here: zoom in to see more.")
    })
}
