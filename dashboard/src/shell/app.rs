use leptos::prelude::*;
use web_sys::DragEvent;

use super::absent::{Absent, TokenForm};
use super::header::Header;
use super::navigation::Navigation;
use super::notices::Notices;
use crate::components::dropped_file;
use crate::location::{Page, device_origin, use_page};
use crate::pages::{DevicePage, LeaksPage, LivePage, RecordsPage};
use crate::state::{LinkState, Store};

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let store = Store::new(device_origin());
    provide_context(store);
    store.start();
    let page = use_page();
    let content = move || match page.get() {
        Page::Live => view! { <LivePage /> }.into_any(),
        Page::Leaks => view! { <LeaksPage /> }.into_any(),
        Page::Records => view! { <RecordsPage /> }.into_any(),
        Page::Device => view! { <DevicePage /> }.into_any(),
    };
    Effect::new(move |_| document().set_title(&format!("{} · HeapBeacon", page.get().name())));
    // A file may be dropped anywhere, so that nobody has to look for the place.
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        if let Some(file) = dropped_file(&event) {
            store.use_file(file);
        }
    };
    let known = Memo::new(move |_| store.device.with(Option::is_some));
    view! {
        <div class="app" on:dragover=|event| event.prevent_default() on:drop=dropped>
            <Header />
            <div class="shell">
                <Navigation page />
                <main>
                    <LostBanner />
                    <Show
                        when=move || !store.token_needed.get()
                        fallback=|| view! { <TokenForm /> }
                    >
                        <Show when=move || known.get() fallback=|| view! { <Absent /> }>
                            {content}
                        </Show>
                    </Show>
                </main>
            </div>
            <Notices />
        </div>
    }
}

/// Says that what is shown is old.
#[component]
fn LostBanner() -> impl IntoView {
    let store = Store::of_app();
    let lost = Memo::new(move |_| store.link.with(|link| link.state() == LinkState::Lost));
    view! {
        <Show when=move || lost.get()>
            <p class="banner" role="alert">
                <strong>"The device does not answer. "</strong>
                "What you see is from before; the page keeps trying and goes on by itself."
            </p>
        </Show>
    }
}
