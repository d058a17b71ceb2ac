use std::sync::Arc;

use leptos::prelude::*;

use super::copy_text;
use crate::naming::{FrameLine, NamedStack};

/// Lists a call stack, the call site first; the frames between it and the allocator are folded.
#[component]
pub fn CallStack(
    /// The frames.
    stack: Arc<NamedStack>,
) -> impl IntoView {
    let copied = RwSignal::new(None::<String>);
    let wrappers = stack.wrappers.clone();
    let callers = stack.callers.iter().enumerate();
    let callers = callers.map(|(index, line)| frame(line, index == 0, copied));
    view! {
        <div class="call-stack">
            {(!wrappers.is_empty()).then(|| folded(&wrappers, copied))}
            <ol>{callers.collect_view()}</ol>
            <p class="copied" role="status">
                {move || copied.get().map(|place| format!("Copied {place}"))}
            </p>
        </div>
    }
}

fn folded(wrappers: &[FrameLine], copied: RwSignal<Option<String>>) -> impl IntoView + use<> {
    let names: Vec<_> = wrappers.iter().map(|line| line.name.clone()).collect();
    let s = if wrappers.len() == 1 { "" } else { "s" };
    let lines = wrappers
        .iter()
        .map(|line| frame(line, false, copied))
        .collect_view();
    view! {
        <details class="folded">
            <summary>
                {format!("{} allocator frame{s} folded ", wrappers.len())}
                <code>{names.join(", ")}</code>
            </summary>
            <ol>{lines}</ol>
        </details>
    }
}

fn frame(
    line: &FrameLine,
    is_site: bool,
    copied: RwSignal<Option<String>>,
) -> impl IntoView + use<> {
    let place = line.place.clone();
    let shown_place = place.clone().filter(|place| *place != line.name);
    let copy = move |_| {
        if let Some(place) = place.as_ref().filter(|place| copy_text(place)) {
            copied.set(Some(place.clone()));
        }
    };
    let hint = format!("{}: click to copy the place", line.full_name);
    view! {
        <li>
            <button
                type="button"
                class="frame"
                class:call-site=is_site
                class:foreign=!line.own && !is_site
                title=hint
                data-testid="frame"
                data-file=line.file.clone()
                data-line=line.line.map(|line| line.to_string())
                on:click=copy
            >
                <code class="function">{line.name.clone()}</code>
                {line.inlined.then(|| view! { <span class="inlined">"inlined"</span> })}
                <code class="place">{shown_place}</code>
            </button>
        </li>
    }
}
