use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::first_verdict::Told;
use super::obstacle::{reason, title};
use crate::components::{Empty, When};
use crate::location::{address_of, go_to_device};
use crate::pages::CaptureDrop;
use crate::store::Store;

/// Stands in for every page until a device has answered.
#[component]
pub(super) fn Absent() -> impl IntoView {
    let store = Store::of_app();
    let is_asked = move || store.obstacle.with(Option::is_none);
    view! {
        <When is=is_asked fallback=|| view! { <NoDevice /> }>
            <Loading />
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
        <Empty title="This device wants its token" is_page=true>
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
    let asked = Store::of_app()
        .client
        .with_value(|client| client.base().to_owned());
    let is_untold = use_context::<Told>().is_none();
    view! {
        <h1 class="unseen">"Connecting"</h1>
        {is_untold
            .then(|| {
                view! {
                    <section class="panel verdict" role="status">
                        <h2>"Loading…"</h2>
                        <p class="first">"Asking " <code>{asked}</code></p>
                    </section>
                }
            })}
        <div class="cards" aria-hidden="true">
            <div class="panel skeleton"></div>
            <div class="panel skeleton"></div>
            <div class="panel skeleton"></div>
            <div class="panel skeleton"></div>
        </div>
        <div class="panel skeleton tall" aria-hidden="true"></div>
    }
}

/// Shows why there is no device, and takes another address, or a capture.
#[component]
fn NoDevice() -> impl IntoView {
    let store = Store::of_app();
    let heading = move || store.obstacle.read().as_ref().map_or("", title).to_owned();
    view! {
        <Empty title=Signal::derive(heading) is_page=true>
            <div role="status" data-testid="obstacle">
                {move || store.obstacle.read().as_ref().map(reason)}
            </div>
            <AddressForm />
            <p>"Or look at a capture that was saved from a device:"</p>
            <CaptureDrop />
        </Empty>
    }
}

/// Points the page at a device.
#[component]
fn AddressForm() -> impl IntoView {
    let address = RwSignal::new(String::new());
    let is_wrong = RwSignal::new(false);
    let go = move |event: SubmitEvent| {
        event.prevent_default();
        let completed = address_of(&address.read_untracked());
        is_wrong.set(completed.is_none());
        if let Some(completed) = completed {
            go_to_device(&completed);
        }
    };
    view! {
        <form class="row" on:submit=go>
            <label for="address">"Address of a device"</label>
            <input
                id="address"
                placeholder="192.168.1.20"
                bind:value=address
                autocapitalize="off"
                autocomplete="off"
                spellcheck="false"
                inputmode="url"
                aria-invalid=move || is_wrong.get().to_string()
                aria-describedby="address-problem"
            />
            <button class="primary">"Connect"</button>
        </form>
        <p id="address-problem" class="wrong" role="alert">
            {move || {
                is_wrong
                    .get()
                    .then_some(
                        "That is no address of a device: write it as 192.168.1.20, lamp.local:8080, or with http:// before it.",
                    )
            }}
        </p>
    }
}
