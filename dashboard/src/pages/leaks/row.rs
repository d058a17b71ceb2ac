use std::sync::Arc;

use heapbeacon_shared::analysis::{Point, Verdict};
use leptos::prelude::*;

use super::Sites;
use crate::charts::{Reading, Sparkline};
use crate::components::CallStack;
use crate::format;
use crate::state::{Site, SiteStack, Store};

/// Call stacks that an opened row shows.
const STACKS_SHOWN: usize = 5;

/// One site: its numbers, and below them its call stacks once it is opened.
#[component]
pub(super) fn SiteRow(key: String, sites: Memo<Sites>, most: Memo<u64>) -> impl IntoView {
    let open = RwSignal::new(false);
    // The row outlives its site for a moment when the site goes: then it stays as it was.
    let site = Memo::new(move |before: Option<&Option<Site>>| {
        let sites = sites.read();
        let found = sites.iter().find(|site| site.key == key).cloned();
        found.or_else(|| before.cloned().flatten())
    });
    let name = move || site.with(|site| site.as_ref().map(|site| site.name.clone()));
    let growing = move || site.with(|site| site.as_ref().is_some_and(|site| site.growth() > 0.0));
    view! {
        <tbody class:open=open class:growing=growing>
            <tr
                class="site"
                data-testid="leak-row"
                data-site=name
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <NameCell site open />
                <NumberCells site most />
            </tr>
            <Show when=move || open.get()>
                <tr class="stacks">
                    <td colspan="7">
                        <Stacks site />
                    </td>
                </tr>
            </Show>
        </tbody>
    }
}

#[component]
fn NameCell(site: Memo<Option<Site>>, open: RwSignal<bool>) -> impl IntoView {
    let store = Store::of_app();
    let of = move |value: fn(&Site) -> String| move || site.with(|site| site.as_ref().map(value));
    let sign = use_sign(site);
    let colour = move || {
        let site = site.read();
        let key = site.as_ref().map_or("", |site| site.colour_key.as_str());
        format!("dot {}", store.palette.read().class(key))
    };
    view! {
        <th scope="row">
            <button type="button" class="name" aria-expanded=move || open.get().to_string()>
                <i class=colour aria-hidden="true"></i>
                <span class="site-name">{of(|site| site.name.clone())}</span>
            </button>
            <small>
                <span class=move || {
                    format!("tag on-phone {}", sign.get().class)
                }>{move || sign.get().word}</span>
                {of(place)}
            </small>
        </th>
    }
}

#[component]
fn NumberCells(site: Memo<Option<Site>>, most: Memo<u64>) -> impl IntoView {
    let store = Store::of_app();
    let of = move |value: fn(&Site) -> String| move || site.with(|site| site.as_ref().map(value));
    let sign = use_sign(site);
    let share = move || {
        let bytes = site.with(|site| site.as_ref().map_or(0, |site| site.bytes));
        format!(
            "calc(70px * {:.3})",
            bytes as f64 / most.get().max(1) as f64
        )
    };
    let oldest = move || {
        let now_us = store
            .leaks
            .with(|leaks| leaks.as_ref().map_or(0, |page| page.time_us));
        let age = |site: &Site| format::duration(now_us.saturating_sub(site.oldest_us));
        site.with(|site| site.as_ref().map(age))
    };
    let trend =
        Memo::new(move |_| site.with(|site| site.as_ref().map(readings).unwrap_or_default()));
    view! {
        <td class="verdict-cell">
            <span
                class=move || format!("tag {}", sign.get().class)
                data-testid="leak-verdict"
                title=move || sign.get().meaning
            >
                {move || sign.get().word}
            </span>
        </td>
        <td class="r live">
            {of(|site| format::bytes(site.bytes))} <em style:width=share aria-hidden="true"></em>
        </td>
        <td class="r blocks">{of(|site| format::count(site.count))}</td>
        <td class="r growth" data-testid="leak-growth">
            {of(|site| format::signed_bytes(site.gained as f64))} <small>{of(rate)}</small>
        </td>
        <td class="r oldest">{oldest}</td>
        <td class="trend">
            <Sparkline readings=trend />
        </td>
    }
}

/// The call stacks of an opened row.
#[component]
fn Stacks(site: Memo<Option<Site>>) -> impl IntoView {
    let stacks =
        Memo::new(move |_| site.with(|site| site.as_ref().map(shown_stacks).unwrap_or_default()));
    let count = Memo::new(move |_| site.with(|site| site.as_ref().map_or(0, |s| s.stacks.len())));
    let more = move || count.get().saturating_sub(STACKS_SHOWN) as u64;
    let numbers = move |id: u32| {
        site.with(|site| {
            let stack = site.as_ref()?.stacks.iter().find(|stack| stack.id == id)?;
            let blocks = format::plural(stack.count, "block");
            Some(format!(
                "{blocks}, {} by this call stack",
                format::bytes(stack.bytes)
            ))
        })
    };
    view! {
        <For each=move || stacks.get() key=stack_key let:stack>
            <Show when=move || { count.get() > 1 }>
                <p class="stack-title">{move || numbers(stack.id)}</p>
            </Show>
            <CallStack stack=stack.named.clone() />
        </For>
        <Show when=move || { more() > 0 }>
            <p class="stack-title">
                {move || format!("{} with less are not shown.", format::plural(more(), "call stack"))}
            </p>
        </Show>
    }
}

fn shown_stacks(site: &Site) -> Vec<SiteStack> {
    let mut shown: Vec<_> = site.stacks.iter().take(STACKS_SHOWN).cloned().collect();
    // By id, so that nothing moves while somebody reads it.
    shown.sort_by_key(|stack| stack.id);
    shown
}

/// A stack is drawn anew when its names change.
fn stack_key(stack: &SiteStack) -> (u32, usize) {
    (stack.id, Arc::as_ptr(&stack.named) as usize)
}

fn readings(site: &Site) -> Vec<Reading> {
    let reading = |point: &Point| Reading {
        time_us: point.time_us,
        low: 0,
        high: point.bytes,
    };
    site.points.iter().map(reading).collect()
}

/// Says where a site is and which tasks come along.
fn place(site: &Site) -> String {
    let s = if site.tasks.len() > 1 { "s" } else { "" };
    let tasks = (!site.tasks.is_empty()).then(|| format!("task{s} {}", site.tasks.join(", ")));
    let parts: Vec<String> = site.place.clone().into_iter().chain(tasks).collect();
    parts.join(" · ")
}

fn rate(site: &Site) -> String {
    match site.growth() {
        0.0 => String::new(),
        growth => format::growth(growth),
    }
}

/// How a verdict is shown.
#[derive(Clone, Copy, Default, PartialEq)]
struct Sign {
    class: &'static str,
    word: &'static str,
    meaning: &'static str,
}

fn use_sign(site: Memo<Option<Site>>) -> Memo<Sign> {
    Memo::new(move |_| {
        let site = site.read();
        site.as_ref()
            .map(|site| sign(&site.verdict))
            .unwrap_or_default()
    })
}

fn sign(verdict: &Verdict) -> Sign {
    let (class, word, meaning) = match verdict {
        Verdict::TooEarly { .. } => ("neutral", "watching", "Too little data for a verdict"),
        Verdict::Growing { .. } => (
            "bad",
            "growing",
            "Blocks pile up: a leak, or a cache that is still filling",
        ),
        Verdict::Plateau => (
            "good",
            "plateau",
            "Many blocks are held, but no more than before",
        ),
        Verdict::InFlight => ("info", "in flight", "Blocks come and go"),
        Verdict::OneOff => (
            "neutral",
            "one-off",
            "A few blocks that were allocated once and stay",
        ),
    };
    Sign {
        class,
        word,
        meaning,
    }
}
