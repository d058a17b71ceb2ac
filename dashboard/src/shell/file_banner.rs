use heapbeacon_shared::api::Device;
use leptos::prelude::*;

use crate::device::connection::LinkState;
use crate::format;
use crate::model::loss;
use crate::store::sources::Sources;
use crate::store::{Opened, Store};

/// Shows that a file is shown and no device, what is missing in it, and leads back.
#[component]
pub(super) fn FileBanner() -> impl IntoView {
    let (sources, store) = (Sources::of_app(), Store::of_app());
    let back = move || {
        let device = sources.device().device.read();
        let name = device.as_ref().map(|device| device.name.as_str());
        let live = match sources.device().link.read().state() {
            LinkState::Live => " (live)",
            _ => "",
        };
        name.map_or_else(
            || "Close the file".to_owned(),
            |name| format!("Back to {name}{live}"),
        )
    };
    let told = move || {
        let opened = store.opened.read();
        store
            .device
            .with(|device| Some(told(opened.as_ref()?, device.as_ref()?)))
    };
    view! {
        <section class="banner file" role="status" data-testid="file-banner">
            <div>{told}</div>
            <button type="button" data-testid="close-file" on:click=move |_| sources.show_device()>
                {back}
            </button>
        </section>
    }
}

fn told(opened: &Opened, device: &Device) -> AnyView {
    let taken = format::duration(device.uptime_us);
    let words = match device.name.as_str() {
        // What said whose it is was lost.
        "" => format!(" is a capture, taken {taken} after its device started."),
        name => format!(
            " is a capture of {name} ({} {}), taken {taken} after it started.",
            device.firmware, device.firmware_version
        ),
    };
    let losses = loss::sentences(&opened.loss);
    view! {
        <p><strong>{opened.name.clone()}</strong> {words} " Nothing here is live."</p>
        {(!losses.is_empty()).then(|| view! { <p class="loss">{losses.join(" ")}</p> }.into_any())}
    }
    .into_any()
}
