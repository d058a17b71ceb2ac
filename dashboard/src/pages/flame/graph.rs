use std::sync::Arc;

use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::{KeyboardEvent, MouseEvent, PointerEvent};

use super::look::{Drawing, Look};
use crate::charts::flame::{Block, ROW, beside, block_at, rows};
use crate::charts::shortened;
use crate::components::When;
use crate::format;
use crate::location::Page;
use crate::model::flame::Flame;
use crate::model::palette::CLASSES;
use crate::store::Store;

/// Pixels beside the words in a frame.
const PADDING: f64 = 7.0;
/// Width in pixels of the narrowest frame with words in it.
const NARROWEST: f64 = 44.0;

/// Draws the frames, and says what is pointed at, with mouse, finger or keyboard.
#[component]
pub(super) fn Graph(
    look: Look,
    flame: Memo<Arc<Flame>>,
    drawing: Memo<Arc<Drawing>>,
    /// Where it is drawn.
    place: NodeRef<Div>,
) -> impl IntoView {
    let at = move |[x, y]: [i32; 2]| block_at(&drawing.read_untracked().blocks, x.into(), y.into());
    let point = move |event: PointerEvent| {
        let block = at([event.offset_x(), event.offset_y()]);
        let id = block.map(|block| flame.read_untracked().id(block.node));
        if look.pointed.get_untracked() != id {
            look.pointed.set(id);
        }
    };
    let zoom = move |event: MouseEvent| {
        let block = at([event.offset_x(), event.offset_y()]);
        if let Some(block) = block.filter(|block| !block.is_rest()) {
            look.zoom_to(&flame.read_untracked(), block.node);
        }
    };
    let press = move |event: KeyboardEvent| {
        let (flame, drawing) = (flame.read_untracked(), drawing.read_untracked());
        if untrack(|| pressed(look, &event.key(), &flame, &drawing)) {
            event.prevent_default();
        }
    };
    let height = move || format::decimal(rows(&drawing.read().blocks) as f64 * ROW);
    view! {
        <div
            class="flame"
            role="application"
            tabindex="0"
            aria-label="Flame graph"
            aria-describedby="flame-keys"
            data-testid="flame"
            data-frames=move || drawing.read().blocks.len().to_string()
            node_ref=place
            on:pointermove=point
            on:pointerdown=point
            on:pointerleave=move |event| look.leave(&event)
            on:click=zoom
            on:keydown=press
            on:blur=move |_| look.pointed.set(None)
        >
            <svg width="100%" height=height aria-hidden="true">
                {move || outlines(look, &flame.read(), &drawing.read())}
                {move || words(look, &flame.read(), &drawing.read())}
                {move || pointed(look, &flame.read(), &drawing.read())}
            </svg>
        </div>
        <Readout look flame drawing />
        <p class="note flame-keys" id="flame-keys">
            "Click or Enter zooms in, Escape goes back, arrows go from frame to frame. The table below has the same in words."
        </p>
    }
}

/// Returns the block that is pointed at, or else what is zoomed to.
fn chosen(look: Look, flame: &Flame, drawing: &Drawing) -> Option<Block> {
    let id = look.pointed.get().filter(|id| flame.has(*id));
    let node = flame.find(id.unwrap_or(look.zoomed.get()));
    let mut blocks = drawing.blocks.iter();
    let found = blocks.find(|block| block.node == node);
    found.or(drawing.blocks.first()).copied()
}

/// Marks the block that is pointed at.
fn pointed(look: Look, flame: &Flame, drawing: &Drawing) -> Option<AnyView> {
    look.pointed.get()?;
    let mut path = String::new();
    chosen(look, flame, drawing)?.draw(&mut path);
    Some(view! { <path class="pointed" d=path /> }.into_any())
}

/// Does what a key says; returns whether it says anything.
fn pressed(look: Look, key: &str, flame: &Flame, drawing: &Drawing) -> bool {
    let Some(from) = chosen(look, flame, drawing) else {
        return false;
    };
    match key {
        "Enter" | " " if !from.is_rest() => look.zoom_to(flame, from.node),
        "Escape" | "Backspace" => {
            let zoomed = look.zoomed.get_untracked();
            let path = flame.path(flame.find(zoomed));
            let Some(outer) = path.iter().rev().nth(1) else {
                return false;
            };
            look.zoom_to(flame, *outer);
            look.pointed.set(Some(zoomed));
        }
        _ => match beside(&drawing.blocks, from, key) {
            Some(block) => look.pointed.set(Some(flame.id(block.node))),
            None => return key.starts_with("Arrow"),
        },
    }
    true
}

/// Draws the frames of one colour as one path, those that a search dims apart: ten thousand of them are as many elements as ten.
fn outlines(look: Look, flame: &Flame, drawing: &Drawing) -> Vec<AnyView> {
    let store = Store::of_app();
    let palette = store.palette.read();
    let zoomed = flame.path(flame.find(look.zoomed.get())).len();
    let mut paths = vec![[String::new(), String::new()]; CLASSES.len() + 1];
    for block in &drawing.blocks {
        let label = flame.label(block.node);
        let colour = match &label.site {
            Some(site) if !block.is_rest() => {
                let class = palette.class(site);
                CLASSES.iter().position(|known| *known == class)
            }
            _ => None,
        };
        let is_found = drawing.matches.get(block.node).copied().unwrap_or(true);
        let is_dim = !is_found || block.row + 1 < zoomed;
        block.draw(&mut paths[colour.map_or(0, |colour| colour + 1)][usize::from(is_dim)]);
    }
    let classes = ["caller"].into_iter().chain(CLASSES);
    let drawn = classes.zip(paths).flat_map(|(class, [bright, dim])| {
        let path = |class: String, path: String| view! { <path class=class d=path /> }.into_any();
        [
            path(format!("block {class}"), bright),
            path(format!("block dim {class}"), dim),
        ]
    });
    drawn.collect()
}

/// Writes into each frame what it is and comes to, as far as there is room.
fn words(look: Look, flame: &Flame, drawing: &Drawing) -> Vec<AnyView> {
    let measure = look.measure();
    let blocks = drawing.blocks.iter();
    let wide = blocks.filter(|block| block.width >= NARROWEST);
    let drawn = wide.map(|block| {
        let label = flame.label(block.node);
        let text = match block.nodes {
            1 => {
                let value = measure.words(flame.total(block.node));
                format!("{} {} {value}", label.name, label.line).replace("  ", " ")
            }
            nodes => format!("{nodes} more"),
        };
        let text = shortened(&text, block.width - 2.0 * PADDING);
        let [x, y] = [block.left + PADDING, block.row as f64 * ROW + 16.0].map(format::decimal);
        let is_dim = !drawing.matches.get(block.node).copied().unwrap_or(true);
        view! { <text x=x y=y class:dim=is_dim>{text}</text> }.into_any()
    });
    drawn.collect()
}

/// Says what is pointed at, or else zoomed to; always in one place, and as high.
#[component]
fn Readout(look: Look, flame: Memo<Arc<Flame>>, drawing: Memo<Arc<Drawing>>) -> impl IntoView {
    let store = Store::of_app();
    let words = move || described(store, look, &flame.read(), &drawing.read());
    // It is said when somebody points at it, not with every answer of the device.
    let spoken = move || {
        look.pointed.get()?;
        untrack(|| {
            let flame = flame.read();
            let block = chosen(look, &flame, &drawing.read())?;
            let name = &flame.label(block.node).name;
            let value = flame.words(block.node, look.measure());
            Some(format!("{name} · {value}"))
        })
    };
    let zoomed_site = move || {
        let flame = flame.read();
        let label = flame.label(flame.find(look.zoomed.get()));
        label.site.is_some().then(|| label.name.clone())
    };
    let link = move || {
        let filter = zoomed_site().unwrap_or_default();
        format!(
            "{}?filter={}",
            Page::Leaks.link(),
            js_sys::encode_uri_component(&filter)
        )
    };
    view! {
        <div class="readout">
            <p data-testid="readout">{words}</p>
            <p class="unseen" role="status">{spoken}</p>
            <When is=move || zoomed_site().is_some()>
                <a href=link>"Open in Leaks"</a>
            </When>
        </div>
    }
}

/// Describes what is pointed at, or else zoomed to.
fn described(store: Store, look: Look, flame: &Flame, drawing: &Drawing) -> Option<AnyView> {
    let block = chosen(look, flame, drawing)?;
    let label = flame.label(block.node);
    if block.is_rest() {
        let words = format!(
            "{} frames too narrow to be drawn: zoom in to see them",
            block.nodes
        );
        return Some(view! { <span>{words}</span> }.into_any());
    }
    let colour = label
        .site
        .as_ref()
        .map(|site| store.palette.read().class(site));
    let dot = colour.map(|colour| {
        view! { <i class=format!("dot {colour}") aria-hidden="true"></i> }.into_any()
    });
    let place = label
        .place
        .clone()
        .filter(|place| *place != label.full_name);
    let growth = label.site.as_ref().and_then(|site| growth(store, site));
    Some(
        view! {
            <code>{dot} {label.full_name.clone()}</code>
            {place.map(|place| view! { <code class="note">{place}</code> })}
            <span>{flame.words(block.node, look.measure())}</span>
            {growth.map(|growth| view! { <strong>{growth}</strong> })}
        }
        .into_any(),
    )
}

/// Returns how fast a call site grows, where it does.
fn growth(store: Store, site: &str) -> Option<String> {
    let sites = store.sites.read();
    let found = sites.iter().find(|known| known.colour_key == site)?;
    let growth = found.judgement.growth();
    (growth > 0.0).then(|| format::growth(growth))
}
