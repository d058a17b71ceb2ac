use heapbeacon_shared::trace::Mode;
use leptos::prelude::*;

use crate::store::Store;

/// A button that does one thing to the trace.
#[component]
pub(super) fn Command(
    label: &'static str,
    hint: &'static str,
    test_id: &'static str,
    #[prop(optional)] primary: bool,
    run: fn(Store),
) -> impl IntoView {
    let store = Store::of_app();
    view! {
        <button
            type="button"
            class:primary=primary
            title=hint
            data-testid=test_id
            disabled=move || !store.takes_commands()
            on:click=move |_| run(store)
        >
            {label}
        </button>
    }
}

#[component]
pub(super) fn StartLeaks() -> impl IntoView {
    let hint = "Keeps only blocks that are not freed";
    let run = |store: Store| store.start_trace(Mode::Leaks);
    view! { <Command label="Start leaks" hint test_id="start-leaks" primary=true run /> }
}

#[component]
pub(super) fn StartAll() -> impl IntoView {
    let hint = "Keeps freed blocks too, with who freed them";
    let run = |store: Store| store.start_trace(Mode::All);
    view! { <Command label="Start all" hint test_id="start-all" run /> }
}
