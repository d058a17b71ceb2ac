use std::sync::Arc;

use heapbeacon_shared::analysis::layout::Kind;
use leptos::html::Div;
use leptos::prelude::*;
use leptos::web_sys::{KeyboardEvent, PointerEvent};

use super::look::Look;
use crate::charts::map::{Extent, Grid, ROW, row_words};
use crate::components::{memo, use_width};
use crate::format;
use crate::model::map::colours::{Colours, OUTSIDE};
use crate::model::map::words::{hole_words, piece_words};
use crate::model::map::{HeapMap, MapRegion};
use crate::store::Store;

/// Classes that blocks may have.
const CLASSES: [&str; 18] = [
    "c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "age0", "age1", "age2", "age3", "age4",
    "v-bad", "v-warn", "v-info", OUTSIDE,
];
/// Paths beside those of blocks.
const HOLE: usize = 0;
const UNKNOWN: usize = 1;

/// Draws a region, and says what is pointed at, with mouse, finger or keyboard.
#[component]
pub(super) fn RegionMap(
    look: Look,
    map: Memo<Arc<HeapMap>>,
    colours: Memo<Arc<Colours>>,
    /// Which of the regions.
    index: usize,
) -> impl IntoView {
    let place = NodeRef::<Div>::new();
    let width = use_width(place);
    let grid = memo(move || {
        let map = map.read();
        let extents = map.regions.get(index).map(extents);
        Arc::new(Grid::new(&extents.unwrap_or_default(), width.get()))
    });
    let point = move |event: PointerEvent| {
        let place = [event.offset_x(), event.offset_y()];
        point(
            look,
            &map.read_untracked(),
            index,
            &grid.read_untracked(),
            place,
        );
    };
    let press = move |event: KeyboardEvent| {
        let (map, grid) = (map.read_untracked(), grid.read_untracked());
        if untrack(|| pressed(look, &event.key(), &map, index, &grid)) {
            event.prevent_default();
        }
    };
    view! {
        <div
            class="map"
            role="application"
            tabindex="0"
            aria-label="Heap map"
            aria-describedby="map-keys"
            data-testid="map"
            data-blocks=move || number_of_blocks(&map.read(), index).to_string()
            node_ref=place
            on:pointermove=point
            on:pointerdown=point
            on:pointerleave=move |event| look.leave(&event)
            on:keydown=press
            on:blur=move |_| look.pointed.set(None)
        >
            <svg width="100%" height=move || format::decimal(grid.read().height()) aria-hidden="true">
                {move || pieces(&map.read(), &colours.read(), index, &grid.read())}
                {move || folds(&grid.read())}
                {move || largest(&map.read(), index, &grid.read())}
                {move || pointed(look, &map.read(), index, &grid.read())}
            </svg>
        </div>
        <Readout look map colours index grid />
    }
}

fn number_of_blocks(map: &HeapMap, index: usize) -> u64 {
    let region = map.regions.get(index);
    region.map_or(0, |region| region.layout.sums.count)
}

/// Points at the piece that is drawn at a place, if there is one.
fn point(look: Look, map: &HeapMap, index: usize, grid: &Grid, [x, y]: [i32; 2]) {
    let at = grid.address_at(x.into(), y.into());
    if let Some(address) = at
        && look.pointed.get_untracked() != at
    {
        look.pointed.set(start_of(map, index, address));
    }
}

fn extents(region: &MapRegion) -> Vec<Extent> {
    let pieces = region.layout.pieces.iter();
    pieces.map(|piece| piece.address..piece.end()).collect()
}

/// Returns where the piece begins that lies at an address; what the allocator takes for itself belongs to what is before it.
fn start_of(map: &HeapMap, index: usize, address: u64) -> Option<u64> {
    let region = map.regions.get(index)?;
    let mut piece = region.piece_at(address)?;
    if region.layout.pieces[piece].kind == Kind::Overhead {
        piece = region.beside(piece, false).or(region.beside(piece, true))?;
    }
    Some(region.layout.pieces[piece].address)
}

/// Does what a key says; returns whether it says anything.
fn pressed(look: Look, key: &str, map: &HeapMap, index: usize, grid: &Grid) -> bool {
    let Some(region) = map.regions.get(index) else {
        return false;
    };
    let pieces = &region.layout.pieces;
    let from = look.pointed.get().and_then(|at| region.piece_at(at));
    let address = |piece: Option<usize>| piece.map(|piece| pieces[piece].address);
    let to = match (key, from) {
        ("Home", _) => region.layout.largest().map(|hole| hole.address),
        ("ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown", None) => pieces
            .first()
            .and_then(|first| start_of(map, index, first.address)),
        ("ArrowLeft", Some(from)) => address(region.beside(from, false)),
        ("ArrowRight", Some(from)) => address(region.beside(from, true)),
        ("ArrowUp", Some(from)) => beside(map, index, grid, pieces[from].address, false),
        ("ArrowDown", Some(from)) => beside(map, index, grid, pieces[from].address, true),
        ("Escape", Some(_)) => {
            look.pointed.set(None);
            return true;
        }
        _ => return false,
    };
    if to.is_some() {
        look.pointed.set(to);
    }
    true
}

/// Returns the nearest piece above or below an address that is another one.
fn beside(map: &HeapMap, index: usize, grid: &Grid, from: u64, is_down: bool) -> Option<u64> {
    let mut at = from;
    loop {
        at = grid.address_beside(at, is_down)?;
        let start = start_of(map, index, at)?;
        if start != from {
            return Some(start);
        }
    }
}

/// Draws the pieces of one colour as one path: twenty thousand of them are as many elements as ten.
fn pieces(map: &HeapMap, colours: &Colours, index: usize, grid: &Grid) -> Vec<AnyView> {
    let Some(region) = map.regions.get(index) else {
        return Vec::new();
    };
    let extents = extents(region);
    let mut free = vec![String::new(), String::new()];
    let free_path = |piece: usize| match region.layout.pieces[piece].kind {
        Kind::Hole => Some(HOLE),
        Kind::Unknown => Some(UNKNOWN),
        Kind::Block(_) | Kind::Overhead => None,
    };
    grid.draw(&extents, &free_path, &mut free);
    // Blocks lie over holes: each is seen, however small it is.
    let mut blocks = vec![String::new(); CLASSES.len()];
    let of_class = |class| CLASSES.iter().position(|known| *known == class);
    let block_path = |piece: usize| colours.class(index, piece).and_then(of_class);
    grid.draw(&extents, &block_path, &mut blocks);
    let free = ["hole", "unknown"].into_iter().zip(free);
    let free = free.map(|(class, path)| (class.to_owned(), path));
    let blocks = CLASSES.into_iter().zip(blocks);
    let blocks = blocks.map(|(class, path)| (format!("block {class}"), path));
    let drawn = free.chain(blocks).filter(|(_, path)| !path.is_empty());
    drawn
        .map(|(class, path)| view! { <path class=class d=path /> }.into_any())
        .collect()
}

/// Says how much the rows stand for that are several.
fn folds(grid: &Grid) -> Vec<AnyView> {
    let words = |(top, row): (f64, &Extent)| {
        let y = format::decimal(top + ROW / 2.0 - 1.0);
        let words = format!("{} in this row", format::bytes(row.end - row.start));
        view! {
            <text x="50%" y=y text-anchor="middle" dominant-baseline="middle">{words}</text>
        }
        .into_any()
    };
    grid.folded().map(words).collect()
}

/// Marks the largest hole.
fn largest(map: &HeapMap, index: usize, grid: &Grid) -> Option<AnyView> {
    let largest = map.regions.get(index)?.layout.largest()?;
    let path = grid.outline(&(largest.address..largest.end()));
    Some(view! { <path class="largest-hole" d=path /> }.into_any())
}

/// Marks the piece that is pointed at.
fn pointed(look: Look, map: &HeapMap, index: usize, grid: &Grid) -> Option<AnyView> {
    let address = look.pointed.get()?;
    let region = map.regions.get(index)?;
    let piece = &region.layout.pieces[region.piece_at(address)?];
    let path = grid.outline(&(piece.address..piece.end()));
    Some(view! { <path class="pointed" d=path /> }.into_any())
}

/// Says what is pointed at; always in one place, and as high.
#[component]
fn Readout(
    look: Look,
    map: Memo<Arc<HeapMap>>,
    colours: Memo<Arc<Colours>>,
    index: usize,
    grid: Memo<Arc<Grid>>,
) -> impl IntoView {
    let store = Store::of_app();
    let piece = move || {
        let address = look.pointed.get()?;
        map.read().regions.get(index)?.piece_at(address)
    };
    let words = move || {
        let Some(piece) = piece() else {
            let row = row_words(grid.read().row_bytes);
            let words = format!(
                "{row}. Point at a block or a hole, or move with the arrow keys; Home is the largest hole."
            );
            return view! { <span class="note">{words}</span> }.into_any();
        };
        let (map, colours) = (map.read(), colours.read());
        described(store, &map, &colours, index, piece)
    };
    // It is said when somebody points at it.
    let spoken = move || {
        let piece = piece()?;
        let map = map.read_untracked();
        let region = map.regions.get(index)?;
        let now_us = store.records.read_untracked().read_us;
        let words = piece_words(&map, region, piece, now_us);
        let it = &region.layout.pieces[piece];
        Some(match it.kind {
            Kind::Block(block) => format!("{} · {words}", map.owner(block.owner).label),
            _ => match region.layout.hole_at(it.address) {
                Some(hole) => format!("{words}. {}", hole_words(&map, hole)),
                None => words,
            },
        })
    };
    view! {
        <div class="readout map-readout">
            <p data-testid="map-readout" id="map-keys">{words}</p>
            <p class="unseen" role="status">{spoken}</p>
        </div>
    }
}

/// Describes a piece.
fn described(
    store: Store,
    map: &HeapMap,
    colours: &Colours,
    index: usize,
    piece: usize,
) -> AnyView {
    let Some(region) = map.regions.get(index) else {
        return ().into_any();
    };
    let it = &region.layout.pieces[piece];
    let now_us = store.records.read_untracked().read_us;
    let words = piece_words(map, region, piece, now_us);
    let at = format!("at {}", heapbeacon_shared::trace::Address(it.address));
    let Kind::Block(block) = it.kind else {
        let hole = region.layout.hole_at(it.address);
        let pinned = hole.map(|hole| hole_words(map, hole));
        return view! {
            <strong>{words}</strong>
            <code class="note">{at}</code>
            <span>{pinned}</span>
        }
        .into_any();
    };
    let owner = map.owner(block.owner);
    let class = colours.class(index, piece).unwrap_or("c0");
    let record = region.record(map, piece);
    let task = record.and_then(|record| record.task.as_deref());
    let task = task.map(|task| store.names.with_value(|names| names.task(task)));
    view! {
        <code><i class=format!("dot {class}") aria-hidden="true"></i> {owner.name.clone()}</code>
        {owner.place.clone().map(|place| view! { <code class="note">{place}</code> })}
        <span>{words}</span>
        {task.map(|task| view! { <span>"task " {task}</span> })}
        <code class="note">{at}</code>
    }
    .into_any()
}
