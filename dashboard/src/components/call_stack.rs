use std::sync::Arc;

use heapbeacon_shared::frames::Fold;
use leptos::prelude::*;

use super::copy_text;
use crate::symbols::names::{FrameLine, LineSection, NamedStack};

/// Names of folded frames that are told.
const NAMES_SHOWN: usize = 3;

/// Lists a call stack, the call site first, and says why it ends early where it does. Frames that
/// only lead to the user's own code are folded.
#[component]
pub fn CallStack(
    /// The frames.
    stack: Arc<NamedStack>,
) -> impl IntoView {
    let copied = RwSignal::new(None::<String>);
    let sections = &stack.sections;
    let seen_first = sections.iter().position(|section| section.fold.is_none());
    let sections = sections.iter().enumerate();
    let sections =
        sections.map(|(index, section)| drawn(section, seen_first == Some(index), copied));
    let sections: Vec<AnyView> = sections.collect();
    let end = stack.end.clone();
    view! {
        <div class="call-stack">
            {sections}
            {end.map(|end| view! { <p class="cut" data-testid="stack-end">{end}</p> })}
            <p class="copied" role="status">
                {move || copied.get().map(|place| format!("Copied {place}"))}
            </p>
        </div>
    }
}

/// Draws frames, or leaves them out until somebody wants them.
fn drawn(section: &LineSection, has_site: bool, copied: RwSignal<Option<String>>) -> AnyView {
    let lines = section.lines.iter().enumerate();
    let frames = lines.map(|(index, line)| frame(line, has_site && index == 0, copied));
    let frames: Vec<AnyView> = frames.collect();
    let frames = view! { <ol>{frames}</ol> };
    let Some(fold) = section.fold else {
        return frames.into_any();
    };
    let (title, names) = folded_words(fold, &section.lines);
    view! {
        <details class="folded">
            <summary>{title} <code>{names}</code></summary>
            {frames}
        </details>
    }
    .into_any()
}

/// Describes what is folded, and the names of the first few.
fn folded_words(fold: Fold, lines: &[FrameLine]) -> (String, String) {
    let what = match fold {
        Fold::Wrapper => "wrapper",
        Fold::Executor => "executor",
        Fold::Runtime => "runtime",
    };
    let s = if lines.len() == 1 { "" } else { "s" };
    let title = format!("{} {what} frame{s} folded ", lines.len());
    let shown = lines.iter().take(NAMES_SHOWN);
    let names: Vec<_> = shown.map(|line| line.name.as_str()).collect();
    let more = if lines.len() > NAMES_SHOWN {
        ", …"
    } else {
        ""
    };
    (title, names.join(", ") + more)
}

fn frame(line: &FrameLine, is_site: bool, copied: RwSignal<Option<String>>) -> AnyView {
    let place = line.full_place.clone();
    let shown_place = line.place.clone().filter(|place| *place != line.name);
    let copy = move |_| {
        if let Some(place) = place.as_ref().filter(|place| copy_text(place)) {
            copied.set(Some(place.clone()));
        }
    };
    let hint = format!(
        "{}: click to copy {}",
        line.full_name,
        line.full_place.as_deref().unwrap_or_default()
    );
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
                {line
                    .shared
                    .clone()
                    .map(|shared| view! { <span class="inlined" title=shared>"shared code"</span> })}
                <code class="place">{shown_place}</code>
            </button>
        </li>
    }
    .into_any()
}
