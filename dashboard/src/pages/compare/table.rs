use std::sync::Arc;

use heapbeacon_shared::analysis::Turn;
use leptos::prelude::*;

use super::look::{Look, TURNS};
use crate::charts::swing::swing;
use crate::components::{Item, KeyedList, memo};
use crate::format;
use crate::model::compare::{Row, Told, turn_word};
use crate::store::Store;

/// Rows at most.
const ROWS: usize = 100;

/// Lists the call sites that changed, each with a bar that says by how much and which way.
#[component]
pub(super) fn Changes(look: Look, told: Memo<Option<Arc<Told>>>) -> impl IntoView {
    let store = Store::of_app();
    let shown = move || {
        let told = told.get().unwrap_or_default();
        let turn = look.turn.get();
        let rows = told
            .rows
            .iter()
            .filter(|row| turn.is_none_or(|turn| row.turn == turn));
        let rows: Vec<Row> = rows.take(ROWS).cloned().collect();
        (rows, told.most)
    };
    let items = Callback::new(move |()| {
        let (rows, most) = shown();
        let item = |row: Row| {
            let key = format!("{} {:?} {most}", row.key, row.change);
            Item::new(key, move || table_row(store, look, &row, most))
        };
        rows.into_iter().map(item).collect()
    });
    let rest = move || rest(&told.get().unwrap_or_default());
    view! {
        <div class="segments" role="group" aria-label="Which call sites are listed">
            {segment(look, told, None)}
            {TURNS.map(|turn| segment(look, told, Some(turn))).into_iter().collect::<Vec<AnyView>>()}
        </div>
        <table class="changes" data-testid="changes">
            <caption class="unseen">"Call sites that changed, those first that changed most"</caption>
            <thead>
                <tr>
                    <th scope="col">"Call site"</th>
                    <th scope="col" class="swing">
                        <span>"less"</span>
                        <span>"more"</span>
                    </th>
                    <th scope="col" class="r">"Change"</th>
                    <th scope="col" class="r wide">"Before"</th>
                    <th scope="col" class="r wide">"After"</th>
                    <th scope="col" class="wide">"What became of it"</th>
                </tr>
            </thead>
            <tbody>
                <KeyedList items />
            </tbody>
        </table>
        <p class="note" data-testid="unchanged">{rest}</p>
    }
}

/// Describes the call sites that are not listed.
fn rest(told: &Told) -> String {
    let same = format::plural(told.same as u64, "call site");
    let more = told.rows.len().saturating_sub(ROWS);
    let cut = match more {
        0 => String::new(),
        _ => format!(
            "{} more changed less than these. ",
            format::count(more as u64)
        ),
    };
    let verb = if told.same == 1 {
        "holds what it"
    } else {
        "hold what they"
    };
    format!("{cut}{same} {verb} held.")
}

fn segment(look: Look, told: Memo<Option<Arc<Told>>>, turn: Option<Turn>) -> AnyView {
    let name = turn.map_or("changed", turn_word);
    let words = move || {
        let told = told.get().unwrap_or_default();
        let count = turn.map_or(told.rows.len(), |turn| told.count(turn));
        format!("{count} {name}")
    };
    view! {
        <button
            type="button"
            data-testid=name
            aria-pressed=move || (look.turn.get() == turn).to_string()
            on:click=move |_| look.turn.set(turn)
        >
            {words}
        </button>
    }
    .into_any()
}

fn table_row(store: Store, look: Look, row: &Row, most: u64) -> AnyView {
    let row = row.clone();
    let key = row.colour_key;
    let colour = memo(move || colour(store, look, &key));
    let bar = swing(row.bytes, most);
    let percent = |value: f64| format::decimal(value) + "%";
    let (class, word) = row.tag;
    let tag = format!("tag {class}");
    let side = if row.bytes < 0 { "less" } else { "more" };
    let merged = (row.merged > 0).then(|| {
        let words = format!("{} call sites that can't be told apart", row.merged);
        view! { <small>{words}</small> }.into_any()
    });
    let rate = row
        .rate
        .map(|rate| view! { <small>{rate}</small> }.into_any());
    let [was, is] = row.held;
    let both = format!("{was} → {is}");
    let [bytes, blocks] = row.change;
    view! {
        <tr data-testid="change-row">
            <th scope="row">
                <span class="change-name">
                    <i class=move || format!("dot {}", colour.get()) aria-hidden="true"></i>
                    <span class="site-name">{row.name}</span>
                </span>
                <small>{row.at} <span class="on-phone">{both}</span></small>
                <small class="on-phone"><span class=tag.clone()>{word.clone()}</span></small>
                {merged}
                <details class="folded">
                    <summary>"Call stack"</summary>
                    <pre>{row.stack.join("\n")}</pre>
                </details>
            </th>
            <td class="swing" aria-hidden="true">
                <b class=move || format!("{side} {}", colour.get()) style:left=percent(bar.left) style:width=percent(bar.width)></b>
            </td>
            <td class="r"><strong>{bytes}</strong> <small>{blocks}</small></td>
            <td class="r wide">{was}</td>
            <td class="r wide">{is}</td>
            <td class="wide"><span class=tag>{word}</span> {rate}</td>
        </tr>
    }
    .into_any()
}

/// Returns the colour that a call site has on other pages: of what is shown there, or else of what is compared.
fn colour(store: Store, look: Look, key: &str) -> &'static str {
    let compared = look
        .both()
        .map(|both| both.map(|choice| look.store(choice)));
    let [before, after] = compared.unwrap_or([store, store]);
    let classes = [store, after, before].map(|store| store.palette.read().class(key));
    let known = classes.into_iter().find(|class| *class != "c0");
    known.unwrap_or("c0")
}
