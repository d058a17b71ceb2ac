use leptos::html::Main;
use leptos::prelude::*;
use web_sys::DragEvent;

use super::absent::{Absent, TokenForm};
use super::boot_before::BootBefore;
use super::file_banner::FileBanner;
use super::first_verdict::{FirstVerdict, Told};
use super::header::Header;
use super::navigation::Navigation;
use super::notices::Notices;
use super::post_mortem::PostMortem;
use super::warnings::Warnings;
use crate::components::{Empty, When, dropped_files, follow};
use crate::device::connection::LinkState;
use crate::later::{later, serve};
use crate::location::{Page, Target, use_page};
use crate::pages::{ComparePage, DevicePage, FlamePage, LeaksPage, LivePage, MapPage, RecordsPage};
use crate::store::Store;
use crate::store::sources::Sources;

/// What stands where an address leads nowhere.
const NO_PAGE: &str = "There is no such page";

/// The whole page.
#[component]
pub fn App() -> impl IntoView {
    let sources = Sources::new(&Target::of_page());
    provide_context(sources);
    serve(sources);
    if let Some(told) = Told::of_frame() {
        provide_context(told);
    }
    let page = use_page();
    follow(move || {
        let page = page.get();
        let page = page.map_or(NO_PAGE, |page| page.name(sources.shown().is_file));
        let urgent = match sources.shown().urgent() {
            0 => String::new(),
            urgent => format!("({urgent}) "),
        };
        document().set_title(&format!("{urgent}{page} · HeapBeacon"));
    });
    // Files may be dropped anywhere, so that nobody has to look for the place.
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        sources.open_all(dropped_files(&event), None);
    };
    view! {
        <div class="app" on:dragover=|event| event.prevent_default() on:drop=dropped>
            {move || {
                provide_context(sources.shown());
                view! { <Shown page /> }
            }}
        </div>
    }
}

/// Shows a device, or a capture file.
#[component]
fn Shown(page: RwSignal<Option<Page>>) -> impl IntoView {
    let store = Store::of_app();
    // On every page: what is lost is said in the navigation, too.
    if !store.is_file {
        store.follow_holders();
    }
    let main = NodeRef::<Main>::new();
    let skip = move |_| {
        if let Some(main) = main.get_untracked() {
            // Where it does not take the focus, the tabulator leads there.
            let _ = main.focus();
        }
    };
    view! {
        // No link: that would name another page in the address.
        <button type="button" class="skip" data-testid="skip" on:click=skip>
            "Skip to the content"
        </button>
        <Header />
        <div class="shell">
            <Navigation page />
            <main tabindex="-1" node_ref=main>
                {store.is_file.then(|| view! { <FileBanner /> })}
                <LostBanner />
                {(!store.is_file).then(|| view! { <PostMortem /> <BootBefore /> })}
                <Warnings />
                {(!store.is_file).then(|| view! { <FirstVerdict page /> })}
                <When is=move || page.get() != Some(Page::Fleet) fallback=|| later("fleet")>
                    <When is=move || !store.token_needed.get() fallback=|| view! { <TokenForm /> }>
                        <When is=move || store.is_known() fallback=|| view! { <Absent /> }>
                            {move || content(page.get())}
                        </When>
                    </When>
                </When>
            </main>
        </div>
        <Notices />
    }
}

fn content(page: Option<Page>) -> AnyView {
    match page {
        Some(Page::Live) => view! { <LivePage /> }.into_any(),
        Some(Page::Leaks) => view! { <LeaksPage /> }.into_any(),
        Some(Page::Flame) => view! { <FlamePage /> }.into_any(),
        Some(Page::Map) => view! { <MapPage /> }.into_any(),
        Some(Page::Records) => view! { <RecordsPage /> }.into_any(),
        Some(Page::Compare) => view! { <ComparePage /> }.into_any(),
        Some(Page::Device) => view! { <DevicePage /> }.into_any(),
        Some(Page::Fleet) | None => view! { <NoPage /> }.into_any(),
    }
}

/// Shows that the address is wrong, and where to go.
#[component]
fn NoPage() -> impl IntoView {
    let is_file = Store::of_app().is_file;
    let link = |page: Page| format!("<a href={}>{}</a>", page.link(), page.name(is_file));
    let links = Page::ALL.map(link).join(" · ");
    view! {
        <Empty title=NO_PAGE is_page=true>
            <p inner_html=links></p>
        </Empty>
    }
}

/// Shows that what is shown is old.
#[component]
fn LostBanner() -> impl IntoView {
    let store = Store::of_app();
    let lost = move || store.link.read().state() == LinkState::Lost;
    view! {
        <When is=lost>
            <p class="banner" role="alert">
                <strong>"The device does not answer. "</strong>
                "What you see is from before; the page keeps trying and goes on by itself."
            </p>
        </When>
    }
}
