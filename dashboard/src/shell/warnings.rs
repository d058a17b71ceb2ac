use heapbeacon_shared::api::Warning;
use leptos::prelude::*;

use crate::components::memo;
use crate::store::Store;

/// Shows what makes the traces of this firmware worse than they could be, and how that is mended.
#[component]
pub(super) fn Warnings() -> impl IntoView {
    let store = Store::of_app();
    let warnings = memo(move || {
        let device = store.device.read();
        device
            .as_ref()
            .map(|device| device.warnings.to_vec())
            .unwrap_or_default()
    });
    move || {
        let warnings = warnings.get();
        (!warnings.is_empty()).then(|| banner(&warnings))
    }
}

fn banner(warnings: &[Warning]) -> AnyView {
    let sentences: Vec<_> = warnings
        .iter()
        .map(|warning| view! { <li>{warning.message()}</li> }.into_any())
        .collect();
    view! {
        <section class="banner" aria-label="Warnings" data-testid="warnings">
            <ul>{sentences}</ul>
        </section>
    }
    .into_any()
}
