use std::sync::Arc;

use heapbeacon_shared::api;
use heapbeacon_shared::trace::Origin;
use leptos::prelude::*;

use super::demo::DemoStrip;
use super::origins::OriginSwitches;
use super::reading::Reading;
use super::report::SaveReport;
use super::span::{SpanChoice, follow_view, span_words};
use super::start::NotTracing;
use super::symbols::SymbolInvitation;
use crate::components::{When, follow, memo, reactive};
use crate::format;
use crate::location::{Page, view, view_value};
use crate::model::finding::completeness::with_untraced;
use crate::model::finding::lost::add_lost;
use crate::model::finding::{Finding, Part, Tone, View, capture, live};
use crate::model::heap_history::HeapHistory;
use crate::model::heap_sample::regions;
use crate::model::sites::opened::Opened;
use crate::model::sites::order::Order;
use crate::model::sites::{Grouping, Site};
use crate::store::Store;

mod evidence;
mod holders;
mod issue;
mod row;
mod sign;
mod source;
mod table;

pub(super) use holders::HoldersPart;
use holders::HoldersSwitch;
use issue::CopyIssue;
use row::Sites;
use table::SiteTable;

/// What is said of a file that tells nothing of single blocks.
const NO_RECORDS: &str = "This file has no records of single blocks, so what was allocated then is not known: the list is of all of its trace.";

/// Who holds memory.
#[component]
pub fn LeaksPage() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <h1 class="unseen">"Leaks"</h1>
        <When is=move || store.has_leaks() fallback=|| view! { <NotTracing /> }>
            <Leaks />
        </When>
    }
}

#[component]
fn Leaks() -> impl IntoView {
    let store = Store::of_app();
    let grouping = RwSignal::new(Grouping::named(&view_value("by")));
    let filter = RwSignal::new(view_value("filter"));
    let order = RwSignal::new(Order::named(&view_value("sort")));
    let opened = RwSignal::new(opened_in_view());
    follow_view(
        store,
        Page::Leaks,
        Box::new(move || {
            let by = grouping.get().name().to_owned();
            let mut view = vec![
                ("by", by),
                ("sort", order.get().name()),
                ("filter", filter.get()),
            ];
            view.extend(opened.get().into_iter().map(|key| ("open", key)));
            view
        }),
    );
    let sites = memo(move || {
        let grouping = grouping.get();
        match (store.group_within(grouping), grouping) {
            (Some(within), _) => Arc::new(within),
            (None, Grouping::CallSite) => store.sites.get(),
            (None, other) => Arc::new(store.group(other)),
        }
    });
    let known = StoredValue::new(Opened::default());
    follow(move || {
        let sites = sites.read();
        let keys = opened.get();
        let followed = known.try_update_value(|known| known.follow(&keys, &sites));
        if let Some(followed) = followed.filter(|followed| *followed != keys) {
            opened.set(followed);
        }
    });
    let shown = memo(move || {
        let filter = filter.read();
        let wanted = |site: &&Site| store.shows(site.origin) && site.matches(&filter);
        let shown: Vec<Site> = sites.read().iter().filter(wanted).cloned().collect();
        Sites::new(order.get().sort(shown, store.is_grouped()))
    });
    view! {
        <When
            is=move || store.leaks.with(Option::is_some)
            fallback=|| view! { <Reading /> }
        >
            <Verdict />
            <DemoStrip />
            <SymbolInvitation />
            <Tools grouping filter sites />
            <SpanWords sites=shown />
            <SiteTable sites=shown grouping order opened />
            <Cut />
        </When>
    }
}

/// Returns the keys of the rows that the address bar says are open.
fn opened_in_view() -> Vec<String> {
    let opened = view().map(|view| view.get_all("open"));
    let opened = opened.iter().flat_map(|opened| opened.iter());
    opened.filter_map(|key| key.as_string()).collect()
}

/// Shows what was found before any table does. What can be pressed stays while the words change.
#[component]
fn Verdict() -> impl IntoView {
    let store = Store::of_app();
    let found = memo(move || found(store));
    view! {
        <section class=move || found.read().tone.class() aria-label="Verdict">
            <div role="status">
                <h2 data-testid="verdict-sentence">{reactive(move || found.read().headline.clone())}</h2>
            </div>
            {reactive(move || details(&found.read()))}
            <p class="facts">{reactive(move || found.read().facts.clone())}</p>
            <p class="row">
                <When is=move || found.read().tone == Tone::Bad>
                    <CopyIssue />
                </When>
                <SaveReport found />
            </p>
        </section>
    }
}

/// Returns what the list shows, in words.
pub(super) fn found(store: Store) -> Finding {
    let sites = store.sites.read();
    let own = sites.iter().filter(|site| site.origin != Origin::Agent);
    let own: Vec<&Site> = own.collect();
    let outlook = store.heap_history.with(HeapHistory::outlook);
    let heap = store.heap.read();
    let regions = heap.iter().flat_map(regions);
    let regions: Vec<_> = regions.map(|region| region.name.clone()).collect();
    let opened = store.opened.read();
    let (trace, page) = (store.trace.read(), store.leaks.read());
    let (Some(trace), Some(page)) = (trace.as_ref(), page.as_ref()) else {
        return Finding::default();
    };
    let view = View {
        trace,
        watched_us: store.watched_us(),
        listed: page.listed(),
        total: page.total.into(),
        outlook,
        regions: &regions,
        known_us: store.known_us(),
        piles_up: store.piles_up(),
    };
    let mut found = match opened.as_ref() {
        Some(opened) => capture::describe(&own, &view, &opened.loss),
        None => live::describe(&own, &view),
    };
    add_lost(&mut found, &own);
    found.facts = with_untraced(
        &found.facts,
        store.heap.read().as_ref(),
        store.device.read().as_ref(),
        trace,
    );
    found
}

fn details(finding: &Finding) -> Vec<AnyView> {
    let part = |part: &Part| match part.clone() {
        Part::Text(text) => text.into_any(),
        Part::Code(text) => view! { <code>{text}</code> }.into_any(),
        Part::Strong(text) => view! { <strong>{text}</strong> }.into_any(),
    };
    let line = |parts: &Vec<Part>| {
        let parts: Vec<AnyView> = parts.iter().map(part).collect();
        view! { <p>{parts}</p> }.into_any()
    };
    finding.details.iter().map(line).collect()
}

#[component]
fn Tools(
    grouping: RwSignal<Grouping>,
    filter: RwSignal<String>,
    sites: Memo<Sites>,
) -> impl IntoView {
    let held = Callback::new(move |origin: Origin| held_by(&sites.read(), origin));
    let option = move |value: Grouping, label: &'static str| {
        view! {
            <button
                type="button"
                data-testid=format!("group-{label}")
                aria-pressed=move || (grouping.get() == value).to_string()
                on:click=move |_| grouping.set(value)
            >
                {label}
            </button>
        }
        .into_any()
    };
    view! {
        <div class="tools">
            <div class="segments" role="group" aria-label="Group by">
                {option(Grouping::CallSite, "Call site")}
                {option(Grouping::CallStack, "Call stack")}
                {option(Grouping::Task, "Task")}
            </div>
            <input
                type="search"
                placeholder="Filter by function, file or task"
                aria-label="Filter"
                bind:value=filter
            />
            <SpanChoice />
            <OriginSwitches held />
            {(!Store::of_app().is_file).then(|| view! { <HoldersSwitch /> })}
        </div>
    }
}

/// Describes what an origin holds; nothing if it holds nothing.
fn held_by(sites: &[Site], origin: Origin) -> Option<String> {
    let of_origin = || sites.iter().filter(|site| site.origin == origin);
    let bytes = of_origin().map(|site| site.bytes).sum();
    of_origin().next().map(|_| format::bytes(bytes))
}

/// Says what the list is about where it is not about all of the trace.
#[component]
fn SpanWords(sites: Memo<Sites>) -> impl IntoView {
    let store = Store::of_app();
    let words = move || {
        let sites = sites.read();
        let count = sites.iter().map(|site| site.count).sum();
        let bytes = sites.iter().map(|site| site.bytes).sum();
        format!(
            "Allocated {} and still live: {}, {}. The verdicts are those of all of the trace.",
            span_words(store),
            format::plural(count, "block"),
            format::bytes(bytes),
        )
    };
    view! {
        <When is=move || !store.span.get().is_all()>
            <p class="note" role="status" data-testid="span">
                {move || match store.within.with(Option::is_some) {
                    true => words(),
                    false if store.is_file => NO_RECORDS.to_owned(),
                    false => "Reading what was allocated then…".to_owned(),
                }}
            </p>
        </When>
    }
}

/// Shows what the list leaves out.
#[component]
fn Cut() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <p class="hidden">
            {move || store.leaks.with(|leaks| leaks.as_ref().and_then(cut_words))}
        </p>
    }
}

/// Describes how many call stacks are not listed.
fn cut_words(page: &api::LeaksPage) -> Option<String> {
    let (listed, total) = (page.listed(), u64::from(page.total));
    let [listed_words, total_words] = [listed, total].map(format::count);
    (total > listed)
        .then(|| format!("These are the {listed_words} largest of {total_words} call stacks."))
}
