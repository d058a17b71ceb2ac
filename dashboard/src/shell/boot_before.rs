use leptos::prelude::*;

use crate::components::When;
use crate::files::save::save;
use crate::store::Store;
use crate::store::sources::Sources;

/// Offers the last picture of a device from before it restarted.
#[component]
pub(super) fn BootBefore() -> impl IntoView {
    let store = Store::of_app();
    let sources = Sources::of_app();
    let file = move || store.boot_before.get_value();
    let open = move |_| {
        if let Some(file) = file() {
            sources.open(file, None);
        }
    };
    let keep = move |_| {
        if let Some(file) = file() {
            save(&file, &file.name());
        }
    };
    view! {
        <When is=move || store.boot_before_words.with(Option::is_some)>
            <section class="banner file" aria-label="Before the restart" data-testid="boot-before">
                <p>{move || store.boot_before_words.get()}</p>
                <span class="row">
                    <button type="button" on:click=open>
                        "Open it"
                    </button>
                    <button type="button" on:click=keep>
                        "Save it"
                    </button>
                    <button type="button" on:click=move |_| store.boot_before_words.set(None)>
                        "Dismiss"
                    </button>
                </span>
            </section>
        </When>
    }
}
