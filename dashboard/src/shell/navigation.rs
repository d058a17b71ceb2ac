use leptos::prelude::*;

use crate::location::Page;
use crate::store::Store;

/// Leads from page to page.
#[component]
pub(super) fn Navigation(
    /// The page that is shown.
    page: RwSignal<Option<Page>>,
) -> impl IntoView {
    let is_file = Store::of_app().is_file;
    let link = move |target: Page| {
        view! {
            <a
                href=target.link()
                aria-current=move || (page.get() == Some(target)).then_some("page")
            >
                <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
                    <path d=icon(target) />
                </svg>
                {target.name(is_file)}
                {(target == Page::Leaks).then(|| view! { <Urgent /> })}
            </a>
        }
        .into_any()
    };
    view! { <nav aria-label="Pages">{Vec::from(Page::ALL.map(link))}</nav> }
}

/// How many sites need action; nothing where none does.
#[component]
fn Urgent() -> impl IntoView {
    let store = Store::of_app();
    let count = move || {
        let urgent = store.urgent();
        (urgent > 0).then(|| {
            let rest = if urgent == 1 {
                " call site needs action"
            } else {
                " call sites need action"
            };
            view! {
                <b class="tag bad" data-testid="urgent">
                    {urgent} <span class="unseen">{rest}</span>
                </b>
            }
            .into_any()
        })
    };
    view! { {count} }
}

fn icon(page: Page) -> &'static str {
    match page {
        Page::Live => "M3 12h4l3-8 4 16 3-8h4",
        Page::Leaks => "M12 3c4 5 6 8 6 11a6 6 0 0 1-12 0c0-3 2-6 6-11z",
        Page::Flame => "M3 4h18v4H3zM3 8h12v4H3zM3 12h8v4H3zM3 16h4v4H3z",
        Page::Map => "M3 5h7v4H3zM13 5h8v4h-8zM3 10h3v4H3zM9 10h12v4H9zM3 15h11v4H3zM17 15h4v4h-4z",
        Page::Records => "M8 6h13M8 12h13M8 18h13M3 6h1M3 12h1M3 18h1",
        Page::Compare => "M12 3v18M4 8h5M4 12h3M15 12h5M15 16h3",
        Page::Device => "M7 7h10v10H7zM9 3v4M15 3v4M9 17v4M15 17v4M3 9h4M3 15h4M17 9h4M17 15h4",
        Page::Fleet => "M3 4h7v7H3zM14 4h7v7h-7zM3 14h7v7H3zM14 14h7v7h-7z",
    }
}
