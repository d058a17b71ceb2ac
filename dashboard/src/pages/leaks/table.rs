use leptos::prelude::*;

use super::Sites;
use super::row::SiteRow;

/// Lists who holds memory, most bytes first.
#[component]
pub(super) fn SiteTable(sites: Memo<Sites>) -> impl IntoView {
    let keys = move || {
        let sites = sites.read();
        sites
            .iter()
            .map(|site| site.key.clone())
            .collect::<Vec<_>>()
    };
    let most = Memo::new(move |_| {
        let sites = sites.read();
        sites.iter().map(|site| site.bytes).max().unwrap_or(0)
    });
    let empty = Memo::new(move |_| sites.read().is_empty());
    let growth_hint = "Bytes gained since this page opened, and the rate while it is growing";
    view! {
        <table class="sites">
            <caption class="unseen">"Live blocks by who allocated them, most bytes first"</caption>
            <thead>
                <tr>
                    <th scope="col">"Call site"</th>
                    <th scope="col" title="What its live blocks do over time">"Verdict"</th>
                    <th scope="col" class="r" title="Bytes allocated and not freed">"Live"</th>
                    <th scope="col" class="r blocks" title="Blocks allocated and not freed">"Blocks"</th>
                    <th scope="col" class="r" title=growth_hint>"Growth"</th>
                    <th scope="col" class="r oldest" title="Age of its oldest live block">"Oldest"</th>
                    <th scope="col" class="trend" title="Live bytes since this page opened">"Trend"</th>
                </tr>
            </thead>
            <For each=keys key=String::clone let:key>
                <SiteRow key sites most />
            </For>
        </table>
        <Show when=move || empty.get()>
            <p class="nothing">"Nothing to list here."</p>
        </Show>
    }
}
