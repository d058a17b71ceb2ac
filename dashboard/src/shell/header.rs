use heapbeacon_shared::api::Device;
use leptos::prelude::*;

use super::controls::TraceControls;
use crate::components::copy_text;
use crate::device::connection::{LinkState, Obstacle};
use crate::format;
use crate::location::Page;
use crate::store::Store;

/// Shows which device this is, whether the picture is live, and what the trace is doing.
#[component]
pub(super) fn Header() -> impl IntoView {
    let is_file = Store::of_app().is_file;
    view! {
        <header class="bar" class:file=is_file>
            <a class="brand" href=Page::Live.link()>
                <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
                    <circle cx="12" cy="15" r="3" fill="currentColor" />
                    <path
                        d="M6.5 13a6 6 0 0 1 11 0M3.5 10.5a10 10 0 0 1 17 0"
                        fill="none"
                        stroke="currentColor"
                        stroke-width="2"
                        stroke-linecap="round"
                    />
                </svg>
                "HeapBeacon"
            </a>
            <Identity />
            {match is_file {
                true => view! { <FileSign /> }.into_any(),
                false => view! { <LinkSign /> }.into_any(),
            }}
            <TraceControls />
        </header>
    }
}

#[component]
fn Identity() -> impl IntoView {
    let store = Store::of_app();
    view! { {move || store.device.with(|device| device.as_ref().map(identity))} }
}

fn identity(device: &Device) -> AnyView {
    let firmware = match device.firmware.as_str() {
        "" => String::new(),
        firmware => format!(
            "{} · {firmware} {} · ",
            device.chip, device.firmware_version
        ),
    };
    view! {
        <div class="device">
            <strong>{device.name.to_string()}</strong>
            <span>{firmware} <BuildId id=device.build_id.to_string() /></span>
        </div>
    }
    .into_any()
}

/// A build id, short until somebody wants all of it.
#[component]
fn BuildId(id: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    let short = match id.as_str() {
        "" => "no build id".to_owned(),
        id => format::short_id(id),
    };
    let hint = format!("Build id {id}: click to copy");
    let copy = move |_| copied.set(copy_text(&id));
    view! {
        <button type="button" class="plain" title=hint on:click=copy>
            <code>{short}</code>
            <span role="status">{move || copied.get().then_some(" copied")}</span>
        </button>
    }
}

/// Stands where a device would say that it is live.
#[component]
fn FileSign() -> impl IntoView {
    let hint = "You look at a file: it shows one moment and does not change";
    view! {
        <span class="pill file" title=hint tabindex="0" data-testid="file-sign">
            "capture file"
        </span>
    }
}

#[component]
fn LinkSign() -> impl IntoView {
    let store = Store::of_app();
    let state = move || store.link.read().state();
    // Who refuses is there, but nothing of it is live.
    let is_locked = move || store.token_needed.get();
    let sentence = move || match is_locked() && state() == LinkState::Live {
        true => "wants its token".to_owned(),
        false => store.obstacle.with(|obstacle| {
            let words = obstacle.as_ref().and_then(words);
            words.map_or_else(
                || store.link.with(|link| link.sentence(store.now_ms.get())),
                str::to_owned,
            )
        }),
    };
    view! {
        <div class=move || {
            match store.obstacle.with(Option::is_some) {
                true => "link bad",
                false if is_locked() => "link",
                false => class(state()),
            }
        }>
            <i aria-hidden="true"></i>
            <span data-testid="link-state">{sentence}</span>
            <span class="unseen" role="status">
                {move || {
                    let words = store.obstacle.with(|obstacle| obstacle.as_ref().and_then(words));
                    match words {
                        Some(words) => words,
                        None if is_locked() => "the device wants its token",
                        None => spoken(state()),
                    }
                }}
            </span>
        </div>
    }
}

/// Describes what stands between the page and a device that may well answer; nothing where it is silent.
fn words(obstacle: &Obstacle) -> Option<&'static str> {
    match obstacle {
        Obstacle::Unreachable | Obstacle::ShutOut => None,
        Obstacle::Foreign(_) => Some("no HeapBeacon there"),
        Obstacle::OtherVersion(_) => Some("another version"),
        Obstacle::Refused(_) => Some("answers, but requests fail"),
        Obstacle::Malformed(_) | Obstacle::Nobody => Some("no device"),
    }
}

fn class(state: LinkState) -> &'static str {
    match state {
        LinkState::Connecting => "link",
        LinkState::Live => "link ok",
        LinkState::Refusing | LinkState::Absent | LinkState::Lost => "link bad",
    }
}

/// Readers hear of a change, not of every second.
fn spoken(state: LinkState) -> &'static str {
    match state {
        LinkState::Connecting => "connecting to the device",
        LinkState::Live => "connected to the device",
        LinkState::Refusing => "the device answers, but requests fail",
        LinkState::Absent => "no device answers",
        LinkState::Lost => "connection to the device lost",
    }
}
