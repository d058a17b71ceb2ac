use leptos::prelude::*;

use crate::state::{Notice, Store};

/// Tells what went wrong, until somebody takes it away.
#[component]
pub(super) fn Notices() -> impl IntoView {
    let store = Store::of_app();
    let row = move |notice: Notice| {
        view! {
            <div class="notice" class:bad=notice.is_error role="alert">
                <p>{notice.text}</p>
                <button
                    type="button"
                    aria-label="Dismiss"
                    on:click=move |_| store.dismiss(notice.id)
                >
                    "×"
                </button>
            </div>
        }
    };
    view! {
        <div class="notices">
            <For each=move || store.notices.get() key=|notice| notice.id children=row />
        </div>
    }
}
