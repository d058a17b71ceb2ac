use heapbeacon_shared::trace::Origin;
use leptos::prelude::*;

use crate::components::{Switch, When};
use crate::store::Store;

/// Shows and hides what is not the firmware's own, where there is such.
#[component]
pub(super) fn OriginSwitches(
    /// Describes what an origin holds; nothing if it holds nothing.
    held: Callback<Origin, Option<String>>,
) -> impl IntoView {
    let store = Store::of_app();
    let switch =
        move |origin: Origin, on: RwSignal<bool>, name: &'static str, hint: &'static str| {
            let label = Signal::derive(move || {
                let held = held.run(origin).unwrap_or_default();
                format!("{name}: {held}")
            });
            view! {
            <When is=move || held.run(origin).is_some()>
                <Switch
                    label
                    hint=hint.to_owned()
                        test_id=format!("origin-{name}")
                        on
                        on_change=Callback::new(move |shown| on.set(shown))
                    />
                </When>
            }
            .into_any()
        };
    let driver = "Show what drivers below the firmware allocated, such as Wi-Fi";
    let agent = "Show what HeapBeacon itself allocated";
    view! {
        {switch(Origin::Driver, store.shows_driver, "Drivers", driver)}
        {switch(Origin::Agent, store.shows_agent, "HeapBeacon", agent)}
    }
}
