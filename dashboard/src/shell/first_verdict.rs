use leptos::prelude::*;

use crate::components::When;
use crate::location::Page;
use crate::store::Store;

/// What the device itself judges, as boot.js has said it before this program ran.
#[derive(Clone, Debug)]
pub(super) struct Told {
    class: String,
    /// Its content, which boot.js made of text alone.
    html: String,
}

impl Told {
    /// Takes it from what index.html shows; `None` where nothing could be said.
    pub(super) fn of_frame() -> Option<Self> {
        let told = document().query_selector("#verdict[data-told]");
        told.ok().flatten().map(|told| Self {
            class: told.class_name(),
            html: told.inner_html(),
        })
    }
}

/// Keeps what was said until the page has its own list, so that nothing jumps. Nobody is told of it again.
#[component]
pub(super) fn FirstVerdict(page: RwSignal<Option<Page>>) -> impl IntoView {
    let store = Store::of_app();
    let is_best = move || {
        let is_shown = matches!(page.get(), Some(Page::Live | Page::Leaks));
        let is_traced = store.trace.with(Option::is_none) || store.has_leaks();
        let is_awaited = store.leaks.with(Option::is_none) && store.obstacle.with(Option::is_none);
        is_shown && is_traced && is_awaited && !store.token_needed.get()
    };
    let told = use_context::<Told>();
    told.map(|told| {
        view! {
            <When is=is_best>
                <section class=told.class.clone() inner_html=told.html.clone()></section>
            </When>
        }
    })
}
