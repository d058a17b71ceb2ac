//! What the part of the time comes to that somebody has chosen in a chart.

use std::sync::Arc;

use leptos::prelude::*;

use crate::components::{When, memo, reactive};
use crate::format;
use crate::location::Page;
use crate::model::heap_sample::HeapSample;
use crate::model::sites::{Grouping, Site};
use crate::model::span::{Span, freed_in};
use crate::pages::lost::missing_of_records;
use crate::pages::records::read_when_needed;
use crate::pages::span::{NO_FREED, keeps_freed, span_chip};
use crate::store::Store;

/// Call sites that are listed.
const LISTED: usize = 5;
/// What never changes is written as it is, which weighs less on the page.
const HEAD: &str = "<tr><th scope=col>Allocated then and still live<th scope=col class=r>Blocks<th scope=col class=r>Bytes\
                    <th scope=col class=r>Share</tr>";
const LINKS: &str = "<a href=#/leaks>All call sites</a><a href=#/flame?show=growth>As a flame graph</a>\
                     <a href=#/records>Single records</a><a href=#/map>Where they lie</a>";

/// Says what was allocated in the chosen time and is live, and what was freed in it.
#[component]
pub(super) fn ChosenTime() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <When is=move || !store.span.get().is_all()>
            <Panel />
        </When>
    }
}

#[component]
fn Panel() -> impl IntoView {
    let store = Store::of_app();
    if !store.is_file && untrack(|| keeps_freed(store)) {
        read_when_needed(store);
    }
    let sites = memo(move || {
        let within = store.group_within(Grouping::CallSite).unwrap_or_default();
        let shown = within.into_iter().filter(|site| store.shows(site.origin));
        Arc::new(shown.collect::<Vec<Site>>())
    });
    let live = move || match store.within.with(Option::is_some) {
        true => live_words(store, &sites.read()),
        false => "Reading what was allocated then…".to_owned(),
    };
    view! {
        <section class="panel time" data-testid="chosen">
            <h2>"Chosen time " {span_chip(store)}</h2>
            <p role="status">{reactive(live)}</p>
            <p class="note">{reactive(move || freed_words(store))}</p>
            <p class="note" data-testid="chosen-lost">{reactive(move || missing(store))}</p>
            <table class="holes">
                <thead inner_html=HEAD></thead>
                <tbody>{reactive(move || rows(store, &sites.read()))}</tbody>
            </table>
            <p class="row" inner_html=LINKS></p>
        </section>
    }
}

/// Describes how the heap grew in that time, and what of it is live.
fn live_words(store: Store, sites: &[Site]) -> String {
    let count = sites.iter().map(|site| site.count).sum();
    let bytes = sites.iter().map(|site| site.bytes).sum();
    let verb = if count == 1 { "is" } else { "are" };
    let samples = store.heap_history.read().within(u64::MAX);
    let used = used_words(&samples, store.span.get());
    format!(
        "{used}{} with {} that were allocated in it {verb} still live.",
        format::plural(count, "block"),
        format::bytes(bytes),
    )
}

/// Describes how long a time is, and by how much the used bytes rose or fell in it; nothing where less than two moments of it are known.
fn used_words(samples: &[HeapSample], span: Span) -> String {
    let mut inside = samples
        .iter()
        .filter(|sample| span.includes(sample.time_us));
    let Some((first, last)) = inside.next().zip(inside.next_back()) else {
        return String::new();
    };
    let grown = format::signed_bytes(last.used as f64 - first.used as f64);
    let time = format::duration(last.time_us - first.time_us);
    format!("{grown} used within {time}. ")
}

/// Describes what was freed in that time, as far as records tell.
fn freed_words(store: Store) -> String {
    if !keeps_freed(store) {
        return NO_FREED.to_owned();
    }
    let list = store.records.read();
    let (count, bytes) = freed_in(&list.records, store.span.get());
    let verb = if count == 1 { "was" } else { "were" };
    format!(
        "{} with {} {verb} freed in it, as far as there are records.",
        format::plural(count, "block"),
        format::bytes(bytes),
    )
}

/// Says what of the time is not known, as of when that was told.
fn missing(store: Store) -> String {
    store.within.track();
    missing_of_records(store)
}

fn rows(store: Store, sites: &[Site]) -> Vec<AnyView> {
    let all = sites.iter().map(|site| site.bytes).sum();
    let row = |site: &Site| {
        let colour = store.palette.read().class(&site.colour_key);
        let href = format!(
            "{}?filter={}",
            Page::Leaks.link(),
            js_sys::encode_uri_component(&site.name)
        );
        view! {
            <tr>
                <th scope="row">
                    <i class=format!("dot {colour}") aria-hidden="true"></i>
                    <a href=href><code>{site.name.clone()}</code></a>
                    <code class="note">{site.place.clone()}</code>
                </th>
                <td class="r">{format::count(site.count)}</td>
                <td class="r">{format::bytes(site.bytes)}</td>
                <td class="r">{format::percent(site.bytes, all)}</td>
            </tr>
        }
        .into_any()
    };
    sites.iter().take(LISTED).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heap_grew_by_what_its_moments_inside_of_a_time_say() {
        let sample = |second: u64, used| HeapSample {
            time_us: second * 1_000_000,
            used,
            ..HeapSample::default()
        };
        let samples = [
            sample(1, 9_000),
            sample(2, 100),
            sample(3, 700),
            sample(5, 356),
            sample(6, 0),
        ];
        let words = |from: u64, until: u64| {
            used_words(&samples, Span::between(from * 1_000_000, until * 1_000_000))
        };
        assert_eq!(words(2, 6), "+256 B used within 3 s. ");
        assert_eq!(words(1, 3), "−8.7 KiB used within 1 s. ");
        assert_eq!(words(3, 4), "");
        assert_eq!(words(4, 4), "");
    }
}
