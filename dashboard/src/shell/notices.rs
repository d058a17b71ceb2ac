use leptos::prelude::*;

use crate::components::{Item, KeyedList};
use crate::store::Store;
use crate::store::notices::Notice;

/// Shows what went wrong, until somebody takes it away.
#[component]
pub(super) fn Notices() -> impl IntoView {
    let store = Store::of_app();
    let items = Callback::new(move |()| {
        let notices = store.notices.get().into_iter();
        notices.map(|notice| item(store, notice)).collect()
    });
    view! {
        <div class="notices">
            <KeyedList items />
        </div>
    }
}

fn item(store: Store, notice: Notice) -> Item {
    Item::new(notice.id.to_string(), move || {
        view! {
            <div class="notice" class:bad=notice.is_error role="alert">
                <p>{notice.text.clone()}</p>
                <button
                    type="button"
                    aria-label="Dismiss"
                    on:click=move |_| store.notices.dismiss(notice.id)
                >
                    "×"
                </button>
            </div>
        }
        .into_any()
    })
}
