use core::ops::Range;
use std::sync::Arc;

use heapbeacon_shared::trace::Origin;
use leptos::html::Div;
use leptos::prelude::*;
use web_sys::{HtmlElement, HtmlInputElement};

use super::lost::missing_of_records;
use super::origins::OriginSwitches;
use super::passing::Recorded;
use super::span::follow_view;
use super::start::NotTracing;
use crate::components::{Item, KeyedList, When, follow, memo, reactive, sort_head};
use crate::device::connection::LinkState;
use crate::format;
use crate::location::{Page, view_value};
use crate::store::Store;

mod filter;
mod opened;
mod order;
mod row;
mod rows;
mod window;

use filter::{Wanted, filters};
use order::{Column, Order};
use row::Row;
use rows::{Listed, Rows};
use window::Window;

/// Height of a row in pixels; the style sheet has the same.
const ROW_HEIGHT: f64 = 34.0;
/// Height of what is shown below a row that is open; the same.
const OPENED_HEIGHT: f64 = 320.0;

/// Every record.
#[component]
pub fn RecordsPage() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <h1 class="unseen">"Records"</h1>
        <When is=move || store.has_leaks() fallback=|| view! { <NotTracing /> }>
            <Records />
        </When>
    }
}

#[component]
fn Records() -> impl IntoView {
    let store = Store::of_app();
    let wanted = Wanted::of_view();
    let opened = RwSignal::new(view_value("open").parse::<u64>().ok());
    let order = RwSignal::new(Order::named(&view_value("sort")));
    follow_view(
        store,
        Page::Records,
        Box::new(move || {
            let opened = opened.get().map(|seq| seq.to_string());
            let mut view = wanted.view();
            view.push(("sort", order.get().name()));
            view.push(("open", opened.unwrap_or_default()));
            view
        }),
    );
    let all = all_listed(store);
    let shown = memo(move || Arc::new(shown(store, &all.read(), wanted, order.get())));
    let blocks = move || {
        let shown = shown.read();
        let places = shown.places.iter();
        places.map(|place| shown.all.block(*place)).collect()
    };
    if !store.is_file {
        read_when_needed(store);
    }
    view! {
        {tools(store, wanted, all, shown)}
        <p class="note" data-testid="records-lost">{reactive(move || missing_of_records(store))}</p>
        <RecordTable shown order wanted opened />
        <Recorded blocks=Box::new(blocks) />
    }
}

/// Names all records. This is of one type with those that are shown, for a memo weighs on the page by its type.
fn all_listed(store: Store) -> Memo<Arc<Listed>> {
    memo(move || {
        // New names make new rows.
        store.symbols.track();
        let list = store.records.get();
        let rows = store.names.try_update_value(|names| Rows::of(list, names));
        Arc::new(Listed {
            all: rows.unwrap_or_default().into(),
            places: Vec::new(),
        })
    })
}

/// Finds those that are wanted, and orders them.
fn shown(store: Store, all: &Listed, wanted: Wanted, order: Order) -> Listed {
    let text = wanted.text.read().trim().to_ascii_lowercase();
    let all = Arc::clone(&all.all);
    let filter = wanted.filter(store);
    let wanted = all.wanted(&filter, &text, |origin| store.shows(origin));
    let places = order.sort(wanted, |place| all.block(place));
    Listed { all, places }
}

/// Asks for what is wanted, and says how many records that is.
fn tools(
    store: Store,
    wanted: Wanted,
    all: Memo<Arc<Listed>>,
    shown: Memo<Arc<Listed>>,
) -> impl IntoView {
    let least_at_first = wanted.least.get_untracked();
    // Not written back into the field: that would change what is being typed, such as `1e3`.
    let set_least = move |event| {
        let field: HtmlInputElement = event_target(&event);
        // What is no number counts as 0.
        wanted.least.set(field.value_as_number().ceil() as u64);
    };
    let held = Callback::new(move |origin: Origin| {
        let of_origin = all.read().all.of_origin(origin) as u64;
        (of_origin > 0).then(|| format::plural(of_origin, "record"))
    });
    let count = move || {
        let shown = shown.read();
        count_words(store, shown.places.len() as u64, shown.all.len() as u64)
    };
    view! {
        <div class="tools">
            <input
                type="search"
                placeholder="Function, file, task, address"
                aria-label="Filter"
                bind:value=wanted.text
            />
            <label class="least">
                "At least "
                <input
                    type="number"
                    min="0"
                    placeholder="0"
                    value=(least_at_first > 0).then_some(least_at_first)
                    on:input=set_least
                />
                " bytes"
            </label>
            {filters(store, wanted, move || all.read().all.tasks())}
            <OriginSwitches held />
            <span class="num" role="status">{reactive(count)}</span>
            <When is=move || !store.is_file>
                <Refresh />
            </When>
        </div>
    }
}

/// Reads the records on opening the page, when the first ones come, and when another trace begins, which after a restart
/// has the number of an old one: as soon as the device is there.
pub(super) fn read_when_needed(store: Store) {
    let trace = memo(move || {
        let boot_id = store.device.read().as_ref().map(|device| device.boot_id);
        let trace_id = store.trace.read().as_ref().map(|trace| trace.trace_id);
        (boot_id, trace_id)
    });
    let is_lacking = memo(move || {
        let count = store
            .trace
            .read()
            .as_ref()
            .map_or(0, |trace| trace.summary.count);
        count > 0 && store.records.read().records.is_empty()
    });
    let is_live = memo(move || store.link.read().state() == LinkState::Live);
    Effect::new(move |read: Option<Option<_>>| {
        let (read, trace, is_lacking) = (read.flatten(), trace.get(), is_lacking.get());
        if !is_live.get() {
            return read;
        }
        if is_lacking || read != Some(trace) {
            store.load_records();
        }
        Some(trace)
    });
}

/// Describes how many records are shown, of how many.
fn count_words(store: Store, shown: u64, all: u64) -> String {
    let is_read = store.records.read().read_us > 0;
    match store.records_loading.get() {
        Some(read) => format!("reading, {} so far", format::count(read as u64)),
        None if !is_read => "not read yet".to_owned(),
        None if shown == all => format::plural(all, "record"),
        None => format!(
            "{} of {}",
            format::count(shown),
            format::plural(all, "record")
        ),
    }
}

#[component]
pub(super) fn Refresh() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <button
            type="button"
            disabled=move || !store.takes_commands() || store.records_loading.get().is_some()
            on:click=move |_| store.load_records()
        >
            "Refresh"
        </button>
    }
}

/// The part of the list that somebody has scrolled to. A handle: copies share everything.
#[derive(Clone, Copy)]
struct Sight {
    /// Pixels above it.
    scrolled: RwSignal<f64>,
    /// Its own, in pixels.
    height: RwSignal<f64>,
}

impl Sight {
    /// Takes note of where an element is scrolled to. What is in sight changes by whole rows only.
    fn measure(self, scroller: &HtmlElement) {
        let top = (f64::from(scroller.scroll_top()) / ROW_HEIGHT).floor() * ROW_HEIGHT;
        for (signal, value) in [
            (self.scrolled, top),
            (self.height, f64::from(scroller.client_height())),
        ] {
            if signal.get_untracked() != value {
                signal.set(value);
            }
        }
    }

    /// Finds the rows that are in sight, where the record of a sequence number may be open.
    fn window(self, shown: &Listed, opened: Option<u64>) -> Window {
        let opened = opened.and_then(|seq| {
            let place = shown.all.place(seq)?;
            shown.places.iter().position(|shown| *shown == place)
        });
        Window::new(
            shown.places.len(),
            ROW_HEIGHT,
            self.scrolled.get(),
            self.height.get(),
            opened.map(|place| (place, OPENED_HEIGHT)),
        )
    }
}

/// Draws the rows that are in sight, however many there are.
#[component]
fn RecordTable(
    shown: Memo<Arc<Listed>>,
    order: RwSignal<Order>,
    wanted: Wanted,
    /// Sequence number of the record that is open.
    opened: RwSignal<Option<u64>>,
) -> impl IntoView {
    let store = Store::of_app();
    let scroller = NodeRef::<Div>::new();
    let sight = Sight {
        scrolled: RwSignal::new(0.0),
        height: RwSignal::new(600.0),
    };
    let measure = move || {
        if let Some(scroller) = scroller.get() {
            sight.measure(&scroller);
        }
    };
    follow(measure);
    let window = move || sight.window(&shown.read(), opened.get());
    let items = Callback::new(move |()| {
        let (shown, rows) = (shown.read(), window().rows);
        items(store, &shown, rows, wanted, opened)
    });
    view! {
        <div class="panel scroller" role="region" tabindex="0" aria-label="Records" node_ref=scroller on:scroll=move |_| untrack(measure)>
            <table class="records" aria-rowcount=move || shown.read().places.len().to_string()>
                <thead>
                    <tr>
                        {column("Sequence", "r seq", "Number in the order of allocation: the time, in microseconds since boot")}
                        {sorted(order, Column::Age, "Age", "r age", "Time since the block was allocated, when the list was read")}
                        {column("Address", "address", "Where the block begins")}
                        {sorted(order, Column::Size, "Size", "r size", "Bytes that were asked for")}
                        {column("Task", "task", "Who was running")}
                        {column("Call site", "wide", "The first of the callers that is your own code")}
                        {sorted(order, Column::Freed, "Freed", "freed", "How long after its allocation; live if it is not freed")}
                    </tr>
                </thead>
                <tbody>
                    <tr aria-hidden="true" style:height=move || format::decimal(window().above) + "px"></tr>
                    <KeyedList items />
                    <tr aria-hidden="true" style:height=move || format::decimal(window().below) + "px"></tr>
                </tbody>
            </table>
        </div>
    }
}

/// Returns some of the rows, and what stands below the one that is open.
fn items(
    store: Store,
    shown: &Listed,
    rows: Range<usize>,
    wanted: Wanted,
    opened: RwSignal<Option<u64>>,
) -> Vec<Item> {
    let seq = opened.get();
    let visible = shown.places[rows].iter();
    let items = visible.flat_map(|place| {
        let row = shown.all.row(*place);
        let below = (seq == Some(row.seq)).then(|| below(store, wanted, row.clone()));
        [Some(item(store, row, opened)), below]
    });
    items.flatten().collect()
}

fn column(name: &'static str, class: &'static str, hint: &'static str) -> AnyView {
    view! {
        <th scope="col" class=class title=hint tabindex="0">
            {name}
        </th>
    }
    .into_any()
}

/// Draws the head of a column that the list can be ordered by.
fn sorted(
    order: RwSignal<Order>,
    column: Column,
    name: &'static str,
    class: &'static str,
    hint: &'static str,
) -> AnyView {
    let rises = move || {
        let order = order.get();
        // The youngest come first.
        let rises = column == Column::Age;
        (order.column == column).then_some(order.is_reversed != rises)
    };
    let choose = move || order.update(|order| *order = order.chosen(column));
    sort_head(class, name, hint, rises, choose)
}

/// A row is drawn anew when a name, a colour or another reading changes what it shows.
fn item(store: Store, row: Row, opened: RwSignal<Option<u64>>) -> Item {
    let colour = store.palette.read().class(&row.site.key);
    Item::new(row.key(colour), move || record_row(&row, colour, opened))
}

/// What stands below the row that is open.
fn below(store: Store, wanted: Wanted, row: Row) -> Item {
    Item::new(row.key("opened"), move || {
        opened::opened(store, wanted, &row)
    })
}

fn record_row(row: &Row, colour: &'static str, opened: RwSignal<Option<u64>>) -> AnyView {
    let place = row.site.place.clone();
    let seq = row.seq;
    let is_open = move || opened.get() == Some(seq);
    let toggle = move |_| {
        let is_open = untrack(is_open);
        opened.set((!is_open).then_some(seq));
    };
    view! {
        <tr class="record" on:click=toggle>
            <td class="r seq">{format::count(row.seq)}</td>
            <td class="r">{row.age.clone()}</td>
            <td class="address"><code>{row.address.clone()}</code></td>
            <td class="r">{format::bytes(row.block.size)}</td>
            <td class="task">{row.task.clone()}</td>
            <td class="wide">
                {row.freed.is_some().then(|| view! { <span class="tag on-phone">"freed"</span> })}
                <button type="button" class="name" aria-expanded=move || is_open().to_string()>
                    <i class=format!("dot {colour}") aria-hidden="true"></i>
                    <code>{row.site.name.clone()}</code>
                </button>
                <span class="note">{place}</span>
            </td>
            <td class="freed">{row.freed.clone().unwrap_or_else(|| "live".to_owned())}</td>
        </tr>
    }
    .into_any()
}
