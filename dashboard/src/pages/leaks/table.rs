use leptos::prelude::*;

use super::Sites;
use super::row::SiteRow;
use crate::components::{Item, KeyedList, When};
use crate::state::Site;

/// Lists who holds memory, most bytes first.
#[component]
pub(super) fn SiteTable(sites: Memo<Sites>) -> impl IntoView {
    let items = Callback::new(move |()| {
        let row = |site: &Site| {
            let key = site.key.clone();
            Item::new(key.clone(), move || {
                view! { <SiteRow key=key.clone() sites /> }.into_any()
            })
        };
        sites.read().iter().map(row).collect()
    });
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
            <KeyedList items />
        </table>
        <When is=move || sites.read().is_empty()>
            <p class="nothing">"Nothing to list here."</p>
        </When>
    }
}
