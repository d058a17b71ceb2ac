use leptos::prelude::*;
use web_sys::SubmitEvent;

use crate::components::{Empty, When};
use crate::location::{go_to_device, origin_of};
use crate::pages::CaptureDrop;
use crate::state::{LinkState, Store};

/// Stands in for every page until a device has answered.
#[component]
pub(super) fn Absent() -> impl IntoView {
    let store = Store::of_app();
    let absent = move || store.link.read().state() == LinkState::Absent;
    view! {
        <When is=absent fallback=|| view! { <Loading /> }>
            <NoDevice />
        </When>
    }
}

/// Asks for the token of an agent that has one.
#[component]
pub(super) fn TokenForm() -> impl IntoView {
    let store = Store::of_app();
    let token = RwSignal::new(String::new());
    let use_token = move |event: SubmitEvent| {
        event.prevent_default();
        store.use_token(token.get().trim().to_owned());
    };
    view! {
        <Empty title="This device wants its token">
            <p>
                "Its agent was started with " <code>"--token"</code>
                ", or built with one; otherwise a device prints one on its console. \
                 The token stays in this page and goes to this device only."
            </p>
            <form class="row" on:submit=use_token>
                <label for="token">"Token"</label>
                <input id="token" type="password" autocomplete="off" bind:value=token />
                <button class="primary">"Connect"</button>
            </form>
            <When is=move || store.token_tried.get()>
                <p class="wrong" role="alert">"That is not this device's token."</p>
            </When>
        </Empty>
    }
}

/// Keeps the places of what is to come, so that nothing jumps.
#[component]
fn Loading() -> impl IntoView {
    view! {
        <div class="cards" aria-busy="true" aria-label="Asking the device">
            <div class="panel skeleton"></div>
            <div class="panel skeleton"></div>
            <div class="panel skeleton"></div>
            <div class="panel skeleton"></div>
        </div>
        <div class="panel skeleton tall"></div>
    }
}

#[component]
fn NoDevice() -> impl IntoView {
    let store = Store::of_app();
    let address = RwSignal::new(String::new());
    let go = move |event: SubmitEvent| {
        event.prevent_default();
        if let Some(origin) = origin_of(&address.get()) {
            go_to_device(&origin);
        }
    };
    view! {
        <Empty title="No device answers this page">
            <When is=move || store.is_shut_out.get() fallback=|| view! { <Nobody /> }>
                <ShutOut />
            </When>
            <form class="row" on:submit=go>
                <label for="address">"Another device"</label>
                <input
                    id="address"
                    placeholder="192.168.1.20"
                    bind:value=address
                    autocapitalize="off"
                    spellcheck="false"
                />
                <button class="primary">"Connect"</button>
            </form>
            <p>"Or look at a capture that was saved from a device:"</p>
            <CaptureDrop />
        </Empty>
    }
}

#[component]
fn Nobody() -> impl IntoView {
    view! {
        <p>
            "No HeapBeacon agent answers at " <code>{asked(Store::of_app())}</code>
            ". Check that the device is powered and in your network. The page keeps trying."
        </p>
    }
}

/// Says that a device does not know this page: a browser hides its answers then.
#[component]
fn ShutOut() -> impl IntoView {
    let asked = asked(Store::of_app());
    view! {
        <p>
            "Somebody answers at " <code>{asked.clone()}</code> ", but not to pages from " <code>{own_origin()}</code>
            ". Open the device's own page, " <a href=asked.clone()>{asked.clone()}</a>
            ", or let this one in: start the agent with " <code>{format!("--allow-origin {}", own_origin())}</code>
            ", or name it under " <code>"origins"</code> " in the firmware's configuration."
        </p>
    }
}

/// Returns where a device was looked for.
fn asked(store: Store) -> String {
    store.client.with_value(|client| match client.origin() {
        "" => own_origin(),
        origin => origin.to_owned(),
    })
}

fn own_origin() -> String {
    window().location().origin().unwrap_or_default()
}
