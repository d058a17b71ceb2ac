use heapbeacon_shared::api::Feature;
use heapbeacon_shared::trace::Mode;
use leptos::prelude::*;

use crate::components::{Empty, When};
use crate::model::records_location::RecordsLocation;
use crate::store::Store;

/// Stands where a trace would show something, and starts one.
#[component]
pub(super) fn NotTracing() -> impl IntoView {
    let store = Store::of_app();
    if store.is_file {
        return view! {
            <Empty title="Nothing was traced">
                <p>
                    "This capture has no records: it was taken before a trace was started, or while "
                    "events went to a host. Start a trace on the device, and fetch another capture."
                </p>
            </Empty>
        }
        .into_any();
    }
    view! {
        <When is=move || store.records_location() == RecordsLocation::Host fallback=|| view! { <NotYet /> }>
            <ByHost />
        </When>
    }
    .into_any()
}

/// Shows that there are records, but not on the device.
#[component]
fn ByHost() -> impl IntoView {
    let store = Store::of_app();
    let is_open = move || {
        let following = store.following.read();
        following
            .as_ref()
            .is_some_and(|following| following.is_open)
    };
    let words = move || match is_open() {
        true => {
            "This page is one of those hosts, and shows on Live and Leaks what it was told since it came. "
        }
        false => {
            "This page is one of those hosts as soon as it reaches the device's event connection. Where it does not, all of its              places are taken, or the device lets no page of this address in. "
        }
    };
    view! {
        <Empty title="Records go to a host">
            <p>
                "The destination of this trace is a host: the device keeps no record, and tells of each event as it happens. "
                {words} "To look at records, end that and start a trace that stays on the device."
            </p>
            <StartButton label="Keep records here" run=|store| store.record_on_device() />
        </Empty>
    }
}

#[component]
fn NotYet() -> impl IntoView {
    let store = Store::of_app();
    let can_trace = move || store.offers(Feature::Tracing);
    view! {
        <Empty title="Not tracing yet">
            <When
                is=can_trace
                fallback=|| {
                    view! {
                        <p>
                            "This firmware was built without tracing. Build it with the feature "
                            <code>"tracing"</code> " of the agent."
                        </p>
                    }
                }
            >
                <p>
                    "Start a trace to see which lines of code hold the heap. Leaks mode keeps a "
                    "record of each block until it is freed: what stays is what leaks."
                </p>
                <StartButton label="Start leaks" run=|store| store.start_trace(Mode::Leaks) />
            </When>
        </Empty>
    }
}

#[component]
fn StartButton(label: &'static str, run: fn(Store)) -> impl IntoView {
    let store = Store::of_app();
    view! {
        <button
            type="button"
            class="primary"
            data-testid="start-here"
            disabled=move || !store.takes_commands()
            on:click=move |_| run(store)
        >
            {label}
        </button>
    }
}
