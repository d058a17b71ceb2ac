use std::sync::Arc;

use heapbeacon_shared::analysis::{Point, ranked};
use heapbeacon_shared::trace::Origin;
use leptos::prelude::*;

use super::evidence::Evidence;
use super::holders::HoldersPart;
use super::issue::CopyIssue;
use super::sign::sign;
use super::source::SourceLines;
use crate::charts::{Reading, Sparkline};
use crate::components::{CallStack, Item, KeyedList, When, memo};
use crate::format;
use crate::location::Page;
use crate::model::holders::Scanned;
use crate::model::sites::order::Group;
use crate::model::sites::{Site, SiteStack};
use crate::pages::history_end;
use crate::store::Store;

/// Sites in the order in which they are listed.
pub(super) type Sites = Arc<Vec<Site>>;

/// Call stacks that an opened row shows.
const STACKS_SHOWN: usize = 5;

const EVICTED_HINT: &str =
    "Blocks whose records were given up for room: whether they were freed can't be told";

/// One site: its numbers, and below them its call stacks once it is opened.
#[component]
pub(super) fn SiteRow(
    key: String,
    sites: Memo<Sites>,
    /// Keys of the rows that are open.
    opened: RwSignal<Vec<String>>,
) -> impl IntoView {
    let store = Store::of_app();
    let is_file = store.is_file;
    let own_key = key.clone();
    let open = memo(move || opened.with(|keys| keys.contains(&own_key)));
    let own_key = key.clone();
    let toggle = move |_| {
        opened.update(|keys| match open.get_untracked() {
            true => keys.retain(|key| *key != own_key),
            false => keys.push(own_key.clone()),
        });
    };
    let site = last_seen(sites, key);
    view! {
        <tbody
            class:open=move || open.get()
            class:growing=move || site.read().as_ref().is_some_and(|site| Group::of(site).is_urgent())
        >
            <tr
                class="site"
                data-testid="leak-row"
                data-site=move || site.read().as_ref().map(|site| site.name.clone())
                on:click=toggle
            >
                <th scope="row">
                    <button type="button" class="name" aria-expanded=move || open.get().to_string()>
                        {move || site.read().as_ref().map(|site| name(store, site))}
                    </button>
                    {move || site.read().as_ref().map(|site| place_line(site, now_us(store), is_file))}
                </th>
                {move || {
                    let site = site.read();
                    site.as_ref().map(|site| number_cells(site, most(&sites.read()), now_us(store), is_file))
                }}
                <td class="trend">
                    <Trend site is_open=open.into() />
                </td>
            </tr>
            <When is=move || open.get()>
                {below(store, site)}
            </When>
        </tbody>
    }
}

/// Follows a site. The row outlives it for a moment when it goes: then it stays as it was.
fn last_seen(sites: Memo<Sites>, key: String) -> Memo<Option<Site>> {
    Memo::new(move |before: Option<&Option<Site>>| {
        let sites = sites.read();
        let found = sites.iter().find(|site| site.key == key).cloned();
        found.or_else(|| before.cloned().flatten())
    })
}

/// Returns the bytes of the site that has most.
fn most(sites: &[Site]) -> u64 {
    sites.iter().map(|site| site.bytes).max().unwrap_or(0)
}

/// Returns the last moment of which anything is known: nothing is of what came after a stop.
fn now_us(store: Store) -> u64 {
    let read_us = store
        .leaks
        .with(|leaks| leaks.as_ref().map_or(0, |page| page.period.time_us));
    let is_known = store.is_file || store.is_recording();
    store.watched_us().filter(|_| !is_known).unwrap_or(read_us)
}

/// Draws what stands below a row that is open.
fn below(store: Store, site: Memo<Option<Site>>) -> impl IntoView {
    let held = move |scan: &Scanned| {
        let stacks = site.read().as_ref().map(Site::stack_ids)?;
        store
            .names
            .try_update_value(|names| scan.held_by(&stacks, names))
    };
    view! {
        <tr class="stacks">
            <td colspan="7">
                <p class="stack-title" data-testid="meaning">
                    {move || site.read().as_ref().map(|site| sign(site, store.is_file).meaning)} "."
                </p>
                <Evidence site />
                <SourceLines site />
                <HoldersPart held=Box::new(held) />
                <Stacks site />
                <p class="row">
                    <CopyIssue site />
                    {move || site.read().as_ref().and_then(|site| records_link(store, site))}
                </p>
            </td>
        </tr>
    }
}

/// Leads to the records of a site, with their sizes and ages.
fn records_link(store: Store, site: &Site) -> Option<AnyView> {
    let filter = String::from(js_sys::encode_uri_component(&site.name));
    let href = format!("{}?filter={filter}", Page::Records.link());
    store.has_leaks().then(|| {
        view! { <a href=href data-testid="records-of">"Its records, sizes and ages"</a> }.into_any()
    })
}

fn name(store: Store, site: &Site) -> AnyView {
    let colour = store.palette.read().class(&site.colour_key);
    view! {
        <i class=format!("dot {colour}") aria-hidden="true"></i>
        <span class="site-name">{breakable(&site.name)}</span>
    }
    .into_any()
}

/// Lets a path break behind its `::`, where no reader takes a part for a word.
fn breakable(path: &str) -> Vec<AnyView> {
    let part = |part: &str| view! { <span>{part.to_owned()}</span> }.into_any();
    path.split_inclusive("::").map(part).collect()
}

fn place_line(site: &Site, now_us: u64, is_file: bool) -> AnyView {
    let sign = sign(site, is_file);
    let origin = match site.origin {
        Origin::Application => None,
        Origin::Driver => Some("driver"),
        Origin::Agent => Some("HeapBeacon"),
    };
    let class = format!("tag on-phone {}", sign.class);
    view! {
        <small>
            <span class=class>{sign.word}</span>
            {origin.into_iter().chain(site.tag()).map(label).collect::<Vec<_>>()}
            {place(site)}
            <span class="on-phone age">{format!("oldest {}", oldest(site, now_us))}</span>
        </small>
    }
    .into_any()
}

fn label(word: &'static str) -> AnyView {
    view! { <span class="tag origin">{word}</span> }.into_any()
}

/// Draws what stands beside the name; `most` is what the largest site holds. A file shows one
/// moment, and so no growth.
fn number_cells(site: &Site, most: u64, now_us: u64, is_file: bool) -> AnyView {
    let share = (site.bytes * 100 / most.max(1)).to_string();
    view! {
        {verdict_cell(site, is_file)}
        <td class="r live">
            {format::bytes(site.bytes)} <em style:--share=share aria-hidden="true"></em>
        </td>
        <td class="r blocks">
            {format::count(site.count)}
            {evicted(site).map(|words| view! { <small title=EVICTED_HINT tabindex="0">{words}</small> }.into_any())}
        </td>
        {(!is_file).then(|| growth_cell(site))}
        <td class="r oldest">{oldest(site, now_us)}</td>
    }
    .into_any()
}

/// The live bytes of a site over time; in a file, of what is live then by when it was allocated. In a long list the
/// tabulator goes from name to name: it stops at the trends of opened rows only.
#[component]
fn Trend(site: Memo<Option<Site>>, is_open: Signal<bool>) -> impl IntoView {
    let store = Store::of_app();
    let label = move || {
        let site = site.read();
        let name = site.as_ref().map_or("", |site| site.name.as_str());
        format!("Live bytes of {name} over time")
    };
    let readings = memo(move || site.read().as_ref().map(readings).unwrap_or_default());
    view! { <Sparkline label=Signal::derive(label) is_stop=is_open readings end=Signal::derive(move || history_end(store)) /> }
}

/// Describes how old the oldest block with a record is.
fn oldest(site: &Site, now_us: u64) -> String {
    match site.count {
        0 => "–".to_owned(),
        _ => format::duration(now_us.saturating_sub(site.oldest_us)),
    }
}

fn evicted(site: &Site) -> Option<String> {
    (site.evicted > 0).then(|| format!("{} evicted", format::count(site.evicted)))
}

fn verdict_cell(site: &Site, is_file: bool) -> AnyView {
    let sign = sign(site, is_file);
    let class = format!("tag {}", sign.class);
    view! {
        <td class="verdict-cell">
            <span class=class data-testid="leak-verdict" title=sign.meaning>
                {sign.word}
            </span>
        </td>
    }
    .into_any()
}

fn growth_cell(site: &Site) -> AnyView {
    // Of the blocks of a part of the trace there is no history.
    if site.history.points().is_empty() {
        return view! { <td class="r growth">"–"</td> }.into_any();
    }
    let up_to = if site.history.in_doubt() > 0 {
        "up to "
    } else {
        ""
    };
    view! {
        <td class="r growth" data-testid="leak-growth">
            {up_to} <span>{format::signed_bytes(site.judgement.gained as f64)}</span>
            <small>{rate(site)}</small>
        </td>
    }
    .into_any()
}

/// The call stacks of an opened row.
#[component]
fn Stacks(site: Memo<Option<Site>>) -> impl IntoView {
    let items = Callback::new(move |()| {
        let site_now = site.read();
        let shown = site_now.as_ref().map(shown_stacks).unwrap_or_default();
        shown.into_iter().map(|stack| item(site, stack)).collect()
    });
    view! {
        <KeyedList items />
        {move || site.read().as_ref().and_then(rest_line)}
    }
}

/// A stack is drawn anew when its names change.
fn item(site: Memo<Option<Site>>, stack: SiteStack) -> Item {
    let others = stack.alike.len();
    let key = format!("{} {:p} {others}", stack.id, Arc::as_ptr(&stack.named));
    Item::new(key, move || {
        let (id, named) = (stack.id, Arc::clone(&stack.named));
        view! {
            {move || site.read().as_ref().and_then(|site| title_line(site, id))}
            <CallStack stack=named />
            {site.read_untracked().as_ref().and_then(|site| alike(site, id))}
        }
        .into_any()
    })
}

/// Distinguishes the stacks of a site by what they hold; nothing if there is one.
fn title_line(site: &Site, id: u32) -> Option<AnyView> {
    let stack = site.stacks.iter().find(|stack| stack.id == id)?;
    let blocks = format::plural(stack.count, "block");
    let words = format!(
        "{blocks}, {} by this call stack",
        format::bytes(stack.bytes)
    );
    (site.stacks.len() > 1).then(|| view! { <p class="stack-title">{words}</p> }.into_any())
}

/// Tells of call stacks that are shown as one, and of each where somebody wants to see them.
fn alike(site: &Site, id: u32) -> Option<AnyView> {
    let stack = site.stacks.iter().find(|stack| stack.id == id)?;
    let number = stack.alike.len() as u64;
    let others = stack.alike.iter().map(|(_, named)| Arc::clone(named));
    let others = others.map(|stack| view! { <CallStack stack /> }.into_any());
    let others: Vec<AnyView> = others.collect();
    let words = format!(
        "{} that differ from this one in library frames only are counted in",
        format::plural(number, "call stack")
    );
    (number > 0).then(|| {
        view! {
            <details class="folded alike">
                <summary>{words}</summary>
                {others}
            </details>
        }
        .into_any()
    })
}

fn rest_line(site: &Site) -> Option<AnyView> {
    let rest = site.stacks.len().saturating_sub(STACKS_SHOWN) as u64;
    let words = format!(
        "{} with less are not shown.",
        format::plural(rest, "call stack")
    );
    (rest > 0).then(|| view! { <p class="stack-title">{words}</p> }.into_any())
}

fn shown_stacks(site: &Site) -> Vec<SiteStack> {
    let shown = site.stacks.iter().take(STACKS_SHOWN).cloned();
    // By id, so that nothing moves while somebody reads it.
    ranked(shown, STACKS_SHOWN, |a, b| a.id < b.id)
}

fn readings(site: &Site) -> Vec<Reading> {
    let reading = |point: &Point| Reading {
        time_us: point.time_us,
        low: 0,
        high: point.bytes,
    };
    site.history.points().iter().map(reading).collect()
}

/// Describes where a site is and which tasks come along, or what a task adds up.
fn place(site: &Site) -> String {
    if site.call_sites > 0 {
        return format::plural(site.call_sites, "call site");
    }
    let s = if site.tasks.len() > 1 { "s" } else { "" };
    let tasks = (!site.tasks.is_empty()).then(|| format!("task{s} {}", site.tasks.join(", ")));
    let parts: Vec<String> = site.place.clone().into_iter().chain(tasks).collect();
    parts.join(" · ")
}

fn rate(site: &Site) -> String {
    match site.judgement.growth() {
        0.0 => String::new(),
        growth => format::growth(growth),
    }
}
