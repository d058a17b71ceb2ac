use heapbeacon_shared::api::Device;
use heapbeacon_shared::trace::{Ending, LogLine};
use leptos::prelude::*;

use crate::components::CallStack;
use crate::device::connection::LinkState;
use crate::format;
use crate::model::ending::{left, sentence, stack};
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
        let (opened, ending) = (store.opened.read(), store.ending.read());
        store
            .device
            .with(|device| Some(told(opened.as_ref()?, device.as_ref()?, ending.as_ref())))
    };
    let where_it_was = move || {
        store.symbols.track();
        let ending = store.ending.read();
        let stack = stack(ending.as_ref().filter(|ending| !ending.frames.is_empty())?);
        let stack = store.names.try_update_value(|names| names.of(&stack))?;
        let site = stack.call_site().map(|site| site.name.clone());
        Some(
            view! {
                <details class="folded" data-testid="where-it-was">
                    <summary>"Where it was " <code>{site}</code></summary>
                    <CallStack stack />
                </details>
            }
            .into_any(),
        )
    };
    view! {
        <section class="banner file" role="status" data-testid="file-banner">
            <div>{told} {where_it_was} {move || logged(&store.log.read())}</div>
            <button type="button" data-testid="close-file" on:click=move |_| sources.show_device()>
                {back}
            </button>
        </section>
    }
}

/// Says how the boot ended that a post-mortem is of.
fn ended(ending: &Ending) -> AnyView {
    let task = ending.task.as_deref();
    let task = task.map(|task| format!(" in task {task}"));
    view! {
        <p data-testid="ending">
            <strong>{sentence(ending)}</strong>
            " "
            {left(ending)}
        </p>
        <p class="said">{ending.message.to_string()} {task}</p>
    }
    .into_any()
}

/// Shows the last lines that the firmware had logged.
fn logged(log: &[LogLine]) -> Option<AnyView> {
    let lines: Vec<_> = log.iter().map(|line| line.as_str()).collect();
    (!lines.is_empty()).then(|| {
        view! {
            <details class="folded" data-testid="logged">
                <summary>"What it logged last"</summary>
                <pre>{lines.join("\n")}</pre>
            </details>
        }
        .into_any()
    })
}

fn told(opened: &Opened, device: &Device, ending: Option<&Ending>) -> AnyView {
    let taken = format::duration(device.uptime_us);
    let words = match device.name.as_str() {
        // What said whose it is was lost.
        "" => format!(" is a capture, taken {taken} after its device started."),
        name => format!(
            " is a capture of {name} ({} {}), taken {taken} after it started.",
            device.firmware, device.firmware_version
        ),
    };
    let losses = opened.loss.sentences();
    view! {
        <p><strong>{opened.name.clone()}</strong> {words} " Nothing here is live."</p>
        {ending.map(ended)}
        {(!losses.is_empty()).then(|| view! { <p class="loss">{losses.join(" ")}</p> }.into_any())}
    }
    .into_any()
}
