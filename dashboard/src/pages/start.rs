use heapbeacon_shared::api::{Feature, Mode};
use leptos::prelude::*;

use crate::components::{Empty, When};
use crate::state::Store;

/// Stands where a trace would show something, and starts one.
#[component]
pub(super) fn NotTracing() -> impl IntoView {
    let store = Store::of_app();
    let can_trace = move || store.offers(Feature::Tracing);
    if store.is_file {
        return view! {
            <Empty title="Nothing was traced">
                <p>
                    "This capture was taken before a trace was started, so it has no records. "
                    "Start one on the device, and fetch another capture."
                </p>
            </Empty>
        }
        .into_any();
    }
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
                <button
                    type="button"
                    class="primary"
                    data-testid="start-here"
                    disabled=move || store.busy.get()
                    on:click=move |_| store.start_trace(Mode::Leaks)
                >
                    "Start leaks"
                </button>
            </When>
        </Empty>
    }
    .into_any()
}
