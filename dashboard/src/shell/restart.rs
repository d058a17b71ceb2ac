use leptos::html::Button;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::command::{StartAll, StartLeaks};
use crate::components::{When, follow};
use crate::format;
use crate::store::Store;

/// Starts a trace where one is kept that this clears: only after somebody has confirmed it.
#[component]
pub(super) fn ClearAndStart() -> impl IntoView {
    let asks = RwSignal::new(false);
    let opener = NodeRef::<Button>::new();
    // Whoever came by keyboard goes on where they were.
    Effect::new(move |asked: Option<bool>| {
        let (asks, opener) = (asks.get(), opener.get());
        if let (Some(true), false, Some(opener)) = (asked, asks, opener) {
            // A button without the focus can still be reached.
            let _ = opener.focus();
            return false;
        }
        asks || asked == Some(true)
    });
    let open = move || {
        view! {
            <button
                type="button"
                title="Asks before it clears what was recorded"
                data-testid="clear-and-start"
                node_ref=opener
                on:click=move |_| asks.set(true)
            >
                "Clear and start…"
            </button>
        }
    };
    view! {
        <When is=asks fallback=open>
            <Confirmation asks />
        </When>
    }
}

/// Shows what is cleared, and asks. What keeps it stands where the button was, and has the focus: so a second click or key
/// press clears nothing.
#[component]
fn Confirmation(asks: RwSignal<bool>) -> impl IntoView {
    let store = Store::of_app();
    let keep = NodeRef::<Button>::new();
    follow(move || {
        if let Some(keep) = keep.get() {
            // A button without the focus can still be reached.
            let _ = keep.focus();
        }
    });
    let lost = move || {
        let count = store
            .trace
            .read()
            .as_ref()
            .map_or(0, |trace| trace.summary.count);
        format!("This clears {}.", format::plural(count.into(), "record"))
    };
    let leave = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            asks.set(false);
        }
    };
    view! {
        <div class="buttons" role="group" aria-labelledby="cleared" on:keydown=leave>
            <span id="cleared" class="cleared">
                {lost}
            </span>
            <StartAll />
            <StartLeaks />
            <button type="button" data-testid="keep-records" node_ref=keep on:click=move |_| asks.set(false)>
                "Keep them"
            </button>
        </div>
    }
}
