use std::sync::Arc;

use leptos::prelude::*;

use super::demo::DemoStrip;
use super::start::{NotTracing, use_started};
use super::symbols::SymbolInvitation;
use crate::format;
use crate::state::{Finding, Grouping, Part, Site, Store, Tone, finding};

mod row;
mod table;

use table::SiteTable;

/// Who holds memory.
#[component]
pub fn LeaksPage() -> impl IntoView {
    let store = Store::of_app();
    let started = use_started(store);
    view! {
        <h1 class="unseen">"Leaks"</h1>
        <Show when=move || started.get() fallback=|| view! { <NotTracing /> }>
            <Leaks />
        </Show>
    }
}

/// Sites in the order of their size.
type Sites = Arc<Vec<Site>>;

#[component]
fn Leaks() -> impl IntoView {
    let store = Store::of_app();
    let grouping = RwSignal::new(Grouping::default());
    let filter = RwSignal::new(String::new());
    let sites = Memo::new(move |_| match grouping.get() {
        Grouping::CallSite => store.sites.get(),
        other => Arc::new(store.group(other)),
    });
    let shown = Memo::new(move |_| {
        let show_agent = store.show_agent.get();
        let filter = filter.read();
        let wanted = |site: &&Site| (show_agent || !site.of_agent) && site.matches(&filter);
        let shown: Vec<Site> = sites.read().iter().filter(wanted).cloned().collect();
        Sites::new(shown)
    });
    let known = Memo::new(move |_| store.leaks.with(Option::is_some));
    view! {
        <Show
            when=move || known.get()
            fallback=|| view! { <div class="panel skeleton tall" aria-label="Reading"></div> }
        >
            <Verdict />
            <DemoStrip />
            <SymbolInvitation />
            <Tools grouping filter />
            <SiteTable sites=shown />
            <Hidden sites />
        </Show>
    }
}

/// Says what was found before any table does.
#[component]
fn Verdict() -> impl IntoView {
    let store = Store::of_app();
    let found = Memo::new(move |_| {
        let sites = store.sites.read();
        let own: Vec<&Site> = sites.iter().filter(|site| !site.of_agent).collect();
        let trace = store.trace.read();
        let free = store
            .heap_history
            .read()
            .items()
            .last()
            .map_or(0, |sample| sample.free);
        let now_us = trace.as_ref().map_or(0, |trace| trace.time_us);
        trace
            .as_ref()
            .map(|trace| finding(&own, trace, free, now_us))
            .unwrap_or_default()
    });
    let class = move || match found.read().tone {
        Tone::Bad => "panel verdict bad",
        Tone::Good => "panel verdict good",
        Tone::Neutral => "panel verdict",
    };
    view! {
        <section class=class aria-label="Verdict">
            <h2 data-testid="verdict-sentence" role="status">
                {move || found.read().headline.clone()}
            </h2>
            {move || found.with(details)}
            <p class="facts">{move || found.read().facts.clone()}</p>
        </section>
    }
}

fn details(finding: &Finding) -> impl IntoView + use<> {
    let part = |part: &Part| match part.clone() {
        Part::Text(text) => text.into_any(),
        Part::Code(text) => view! { <code>{text}</code> }.into_any(),
        Part::Strong(text) => view! { <strong>{text}</strong> }.into_any(),
    };
    let line = |parts: &Vec<Part>| view! { <p>{parts.iter().map(part).collect_view()}</p> };
    finding.details.iter().map(line).collect_view()
}

#[component]
fn Tools(grouping: RwSignal<Grouping>, filter: RwSignal<String>) -> impl IntoView {
    let option = move |value: Grouping, label: &'static str| {
        view! {
            <button
                type="button"
                aria-pressed=move || (grouping.get() == value).to_string()
                on:click=move |_| grouping.set(value)
            >
                {label}
            </button>
        }
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
        </div>
    }
}

/// Says what the list leaves out, and shows it on demand.
#[component]
fn Hidden(sites: Memo<Sites>) -> impl IntoView {
    let store = Store::of_app();
    let agent = Memo::new(move |_| {
        let sites = sites.read();
        let of_agent = sites.iter().filter(|site| site.of_agent);
        of_agent.fold((0, 0), |(bytes, count), site| {
            (bytes + site.bytes, count + site.count)
        })
    });
    let words = move || {
        let (bytes, count) = agent.get();
        let (bytes, blocks) = (format::bytes(bytes), format::plural(count, "block"));
        let state = if store.show_agent.get() {
            "shown"
        } else {
            "hidden"
        };
        format!("HeapBeacon's own: {bytes} in {blocks}, {state}.")
    };
    let cut = Memo::new(move |_| {
        let leaks = store.leaks.read();
        let page = leaks.as_ref()?;
        let listed = page.leaks.len() as u64;
        (u64::from(page.total) > listed).then_some((listed, u64::from(page.total)))
    });
    view! {
        <p class="hidden">
            <Show when=move || { agent.get().1 > 0 }>
                {words} " "
                <button
                    type="button"
                    class="plain"
                    on:click=move |_| store.show_agent.update(|show| *show = !*show)
                >
                    {move || if store.show_agent.get() { "Hide" } else { "Show" }}
                </button>
            </Show>
            {move || {
                cut.get()
                    .map(|(listed, total)| {
                        format!(
                            " The device listed the {} largest of {} call stacks.",
                            format::count(listed),
                            format::count(total),
                        )
                    })
            }}
        </p>
    }
}
