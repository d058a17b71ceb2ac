use leptos::prelude::*;

/// Stands where a page will show who holds memory, until that was read.
#[component]
pub(super) fn Reading() -> impl IntoView {
    view! {
        <p class="unseen" role="status">
            "Reading who holds the heap"
        </p>
        <div class="panel skeleton tall" aria-hidden="true"></div>
    }
}
