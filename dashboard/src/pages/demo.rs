use heapbeacon_shared::api::DemoSwitch;
use leptos::prelude::*;

use crate::components::{Item, KeyedList, Switch, When};
use crate::store::Store;

/// Shows the switches of the demo workload, where the device has one.
#[component]
pub(super) fn DemoStrip() -> impl IntoView {
    let store = Store::of_app();
    let any = move || {
        let demo = store.demo.read();
        demo.as_ref().is_some_and(|demo| !demo.switches.is_empty())
    };
    let items = Callback::new(move |()| {
        let demo = store.demo.read();
        let switches = demo.iter().flat_map(|demo| &demo.switches);
        switches.map(|switch| item(store, switch)).collect()
    });
    view! {
        <When is=any>
            <section class="panel demo" aria-label="Demo workload">
                <h2 title="What this device does so that there is something to see">
                    "Demo workload"
                </h2>
                <KeyedList items />
            </section>
        </When>
    }
}

fn item(store: Store, switch: &DemoSwitch) -> Item {
    let switch = switch.clone();
    Item::new(switch.name.to_string(), move || demo_switch(store, &switch))
}

fn demo_switch(store: Store, switch: &DemoSwitch) -> AnyView {
    let name = switch.name.to_string();
    let test_id = format!("demo-switch-{name}");
    let label = name.replace('-', " ");
    let hint = switch.summary.to_string();
    let same = switch.name.clone();
    let on = Signal::derive(move || {
        let demo = store.demo.read();
        let mut switches = demo.iter().flat_map(|demo| &demo.switches);
        switches.any(|switch| switch.name == same && switch.on)
    });
    let on_change = Callback::new(move |on| store.set_demo(name.clone(), on));
    view! { <Switch label hint test_id on on_change /> }.into_any()
}
