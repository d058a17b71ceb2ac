use std::sync::Arc;

use leptos::prelude::*;

use super::copy_text;
use crate::naming::{FrameLine, NamedStack};

/// Names of folded frames that are told.
const NAMES_SHOWN: usize = 3;

/// Lists a call stack, the call site first. What lies between it and the allocator is folded, and
/// so is what called the outermost frame of the user's own code.
#[component]
pub fn CallStack(
    /// The frames.
    stack: Arc<NamedStack>,
) -> impl IntoView {
    let copied = RwSignal::new(None::<String>);
    let own = stack.callers.iter().rposition(|line| line.own).unwrap_or(0);
    let (callers, runtime) = stack.callers.split_at((own + 1).min(stack.callers.len()));
    let callers = callers.iter().enumerate();
    let callers = callers.map(|(index, line)| frame(line, index == 0, copied));
    let callers: Vec<AnyView> = callers.collect();
    view! {
        <div class="call-stack">
            {folded("wrapper", &stack.wrappers, copied)} <ol>{callers}</ol>
            {folded("runtime", runtime, copied)}
            <p class="copied" role="status">
                {move || copied.get().map(|place| format!("Copied {place}"))}
            </p>
        </div>
    }
}

/// Leaves frames out until somebody wants them; nothing if there are none.
fn folded(what: &str, lines: &[FrameLine], copied: RwSignal<Option<String>>) -> Option<AnyView> {
    let s = if lines.len() == 1 { "" } else { "s" };
    let title = format!("{} {what} frame{s} folded ", lines.len());
    let names: Vec<_> = lines
        .iter()
        .take(NAMES_SHOWN)
        .map(|line| line.name.as_str())
        .collect();
    let more = if lines.len() > NAMES_SHOWN {
        ", …"
    } else {
        ""
    };
    let names = names.join(", ") + more;
    let frames = lines.iter().map(|line| frame(line, false, copied));
    let frames: Vec<AnyView> = frames.collect();
    (!lines.is_empty()).then(|| {
        view! {
            <details class="folded">
                <summary>{title} <code>{names}</code></summary>
                <ol>{frames}</ol>
            </details>
        }
        .into_any()
    })
}

fn frame(line: &FrameLine, is_site: bool, copied: RwSignal<Option<String>>) -> AnyView {
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
    .into_any()
}
