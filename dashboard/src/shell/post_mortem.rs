use leptos::prelude::*;

use crate::components::When;
use crate::files::save::save;
use crate::model::ending::sentence;
use crate::store::Store;
use crate::store::sources::Sources;

/// Says that a boot before has ended badly, and offers what is left of it.
#[component]
pub(super) fn PostMortem() -> impl IntoView {
    let store = Store::of_app();
    let sources = Sources::of_app();
    view! {
        <When is=move || store.ending.with(Option::is_some)>
            <section class="banner file" aria-label="Post-mortem" data-testid="post-mortem">
                <div>
                    <p>
                        <strong>{move || store.ending.with(|ending| ending.as_ref().map(sentence))}</strong>
                    </p>
                    <p class="said">
                        {move || store.ending.with(|ending| ending.as_ref().map(|ending| ending.message.to_string()))}
                    </p>
                </div>
                <span class="row">
                    <button
                        type="button"
                        class="primary"
                        data-testid="open-post-mortem"
                        on:click=move |_| store.with_post_mortem(move |file| sources.open(file, None))
                    >
                        "Look at it"
                    </button>
                    <button
                        type="button"
                        on:click=move |_| store.with_post_mortem(|file| {
                            save(&file, &file.name());
                        })
                    >
                        "Save it"
                    </button>
                    <button
                        type="button"
                        title="The device keeps it until then, over restarts too"
                        data-testid="delete-post-mortem"
                        on:click=move |_| store.delete_post_mortem()
                    >
                        "Delete it"
                    </button>
                </span>
            </section>
        </When>
    }
}
