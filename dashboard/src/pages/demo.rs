use heapbeacon_shared::api::DemoSwitch;
use leptos::prelude::*;

use crate::components::Switch;
use crate::state::Store;

/// Shows the switches of the demo workload, where the device has one.
#[component]
pub(super) fn DemoStrip() -> impl IntoView {
    let store = Store::of_app();
    let switches = Memo::new(move |_| {
        let demo = store.demo.read();
        demo.as_ref()
            .map(|demo| demo.switches.to_vec())
            .unwrap_or_default()
    });
    let row = move |switch: DemoSwitch| demo_switch(store, switches, &switch);
    view! {
        <Show when=move || !switches.read().is_empty()>
            <section class="panel demo" aria-label="Demo workload">
                <h2 title="What this device does so that there is something to see">
                    "Demo workload"
                </h2>
                <For
                    each=move || switches.get()
                    key=|switch| switch.name.clone()
                    children=row
                />
            </section>
        </Show>
    }
}

fn demo_switch(
    store: Store,
    switches: Memo<Vec<DemoSwitch>>,
    switch: &DemoSwitch,
) -> impl IntoView + use<> {
    let name = switch.name.to_string();
    let test_id = format!("demo-switch-{name}");
    let label = name.replace('-', " ");
    let hint = switch.summary.to_string();
    let same = switch.name.clone();
    let on = Signal::derive(move || {
        let switches = switches.read();
        switches
            .iter()
            .any(|switch| switch.name == same && switch.on)
    });
    let on_change = Callback::new(move |on| store.set_demo(name.clone(), on));
    view! { <Switch label hint test_id on on_change /> }
}
