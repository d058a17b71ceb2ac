use heapbeacon_shared::trace::Mark;
use leptos::ev;
use leptos::html::{Button, Input};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, KeyboardEvent, SubmitEvent};

use crate::components::{When, follow};
use crate::model::events::usual_name;
use crate::store::Store;

/// Most bytes of a name.
const MOST: &str = "32";
/// What may have the focus while a letter is meant for it.
const FIELDS: &str = "input, textarea, select, [contenteditable]";

/// Names this moment: a button, and the key M wherever no field has the focus.
#[component]
pub(super) fn MarkControl() -> impl IntoView {
    let store = Store::of_app();
    let asks = RwSignal::new(false);
    let opener = NodeRef::<Button>::new();
    let keys = window_event_listener(ev::keydown, move |event| {
        if is_shortcut(&event) && untrack(|| store.is_reached()) && !asks.get_untracked() {
            // Or else the letter is written into the field that opens.
            event.prevent_default();
            asks.set(true);
        }
    });
    on_cleanup(move || keys.remove());
    // Whoever came by keyboard goes on where they were.
    Effect::new(move |asked: Option<bool>| {
        let asks = asks.get();
        if let (Some(true), false, Some(opener)) = (asked, asks, opener.get_untracked()) {
            // They know it by now, and the hint would stay before the page.
            let _ = opener.remove_attribute("title");
            // A button without the focus can still be reached.
            let _ = opener.focus();
        }
        asks
    });
    view! {
        <div class="mark">
            <button
                type="button"
                title="Names this moment, to ask for what was allocated since (key M)"
                data-testid="mark"
                aria-keyshortcuts="m"
                aria-expanded=move || asks.get().to_string()
                node_ref=opener
                disabled=move || !store.is_reached()
                on:click=move |_| asks.update(|asks| *asks = !*asks)
            >
                "Mark"
            </button>
            <When is=asks>
                <NameForm asks />
            </When>
        </div>
    }
}

/// Asks for a name.
#[component]
fn NameForm(asks: RwSignal<bool>) -> impl IntoView {
    let store = Store::of_app();
    let usual = store.marks.with_untracked(usual_name);
    let name = RwSignal::new(usual);
    let is_wrong = RwSignal::new(false);
    let field = NodeRef::<Input>::new();
    follow(move || {
        if let Some(field) = field.get() {
            offer(&field, &name.read_untracked());
        }
    });
    let set = move |event: SubmitEvent| {
        event.prevent_default();
        let name = name.get_untracked();
        let is_name = Mark::may_be_called(&name);
        is_wrong.set(!is_name);
        if is_name {
            store.mark(name);
            asks.set(false);
        }
    };
    let leave = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            asks.set(false);
        }
    };
    view! {
        <form class="panel" on:submit=set on:keydown=leave>
            <label for="mark-name">"Name this moment"</label>
            <div class="row">
                <input
                    id="mark-name"
                    data-testid="mark-name"
                    maxlength=MOST
                    autocomplete="off"
                    node_ref=field
                    bind:value=name
                    aria-invalid=move || is_wrong.get().to_string()
                    aria-describedby="mark-problem"
                />
                <button class="primary" data-testid="set-mark">
                    "Set mark"
                </button>
                <button type="button" on:click=move |_| asks.set(false)>
                    "Cancel"
                </button>
            </div>
            <p id="mark-problem" class="note bad" role="alert">
                {move || {
                    is_wrong
                        .get()
                        .then_some("A name has 1 to 32 bytes, no control or invisible characters, and not only digits.")
                }}
            </p>
        </form>
    }
}

/// Puts a name into a field that has just opened, so that what is typed replaces it.
fn offer(field: &HtmlInputElement, name: &str) {
    // One that does not take the focus can still be reached.
    let _ = field.focus();
    // Without a value yet there would be nothing to select.
    field.set_value(name);
    field.select();
}

/// Checks whether a key press is meant to name the moment.
fn is_shortcut(event: &KeyboardEvent) -> bool {
    let has_modifier = event.ctrl_key() || event.alt_key() || event.meta_key();
    let is_key = event.key().eq_ignore_ascii_case("m") && !has_modifier && !event.repeat();
    let target = event.target().and_then(|it| it.dyn_into::<Element>().ok());
    let is_written = target.is_some_and(|it| it.matches(FIELDS).unwrap_or(false));
    is_key && !is_written
}
