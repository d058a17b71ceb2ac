use leptos::prelude::*;

use super::row::{SiteRow, Sites};
use crate::components::{Item, KeyedList, When};
use crate::model::sites::{Grouping, Site};
use crate::store::Store;

const GROWTH_HINT: &str = "Bytes gained since this page opened, and the rate while it is growing";
const SURVIVORS_HINT: &str = "When the live bytes were allocated, from the start of the trace to the \
                              capture: a leak rises all along, what is held for good is a step";

/// Lists who holds memory, most bytes first.
#[component]
pub(super) fn SiteTable(sites: Memo<Sites>, grouping: RwSignal<Grouping>) -> impl IntoView {
    let is_file = Store::of_app().is_file;
    let items = Callback::new(move |()| {
        let row = |site: &Site| {
            let key = site.key.clone();
            Item::new(key.clone(), move || {
                view! { <SiteRow key=key.clone() sites /> }.into_any()
            })
        };
        sites.read().iter().map(row).collect()
    });
    let who = move || match grouping.get() {
        Grouping::CallSite => "Call site",
        Grouping::CallStack => "Call stack",
        Grouping::Task => "Task",
    };
    view! {
        <table class="sites" class:of-file=is_file>
            <caption class="unseen">"Live blocks by who allocated them, most bytes first"</caption>
            <thead>
                <tr>
                    <th scope="col">{who}</th>
                    {head("verdict-cell", "Verdict", "What its live blocks do")}
                    {head("r", "Live", "Bytes allocated and not freed")}
                    {head("r blocks", "Blocks", "Blocks allocated and not freed")}
                    {(!is_file).then(|| head("r", "Growth", GROWTH_HINT))}
                    {head("r oldest", "Oldest", "Age of its oldest live block")}
                    {match is_file {
                        true => head("trend", "Allocated", SURVIVORS_HINT),
                        false => head("trend", "Trend", "Live bytes since this page opened"),
                    }}
                </tr>
            </thead>
            <KeyedList items />
        </table>
        <When is=move || sites.read().is_empty()>
            <p class="nothing">"Nothing to list here."</p>
        </When>
    }
}

fn head(class: &'static str, title: &'static str, hint: &'static str) -> AnyView {
    view! { <th scope="col" class=class title=hint>{title}</th> }.into_any()
}
