use heapbeacon_shared::api::{Feature, Ota, OtaState};
use leptos::prelude::*;

use crate::components::{DropZone, Switch, When, memo};
use crate::format;
use crate::model::update::{Sending, rejection_words, slot_words, state_words};
use crate::store::Store;

/// Shows which firmware runs and which is booted next, and sends another one.
#[component]
pub(super) fn UpdatePanel() -> impl IntoView {
    let store = Store::of_app();
    let offered = move || store.offers(Feature::Update);
    let boot = memo(move || {
        store
            .device
            .with(|device| device.as_ref().map(|device| device.boot_id))
    });
    Effect::new(move || {
        boot.track();
        if offered() {
            store.load_update();
        }
    });
    let problem = move || store.update_problem.get();
    let is_sent = move || store.sending.with(Option::is_some);
    // Between two parts, the device takes the upload for broken off.
    let words = move || match is_sent() {
        true => Some("Firmware is on its way to the device.".to_owned()),
        false => store.ota.with(|ota| ota.as_ref().map(state_words)),
    };
    let state = move || store.ota.with(|ota| ota.as_ref().map(|ota| ota.state));
    view! {
        <When is=offered>
            <section class="panel" data-testid="update">
                <h2>"Firmware"</h2>
                <p class="note" role="status" data-testid="update-state">
                    {words}
                </p>
                <ul class="slots">
                    {move || store.ota.with(|ota| ota.as_ref().map(slots))}
                </ul>
                <When is=move || !problem().is_empty()>
                    <p class="bad" role="alert" data-testid="update-problem">
                        {problem}
                    </p>
                </When>
                <When is=is_sent fallback=|| view! { <FirmwareDrop /> }>
                    <Progress />
                </When>
                <p class="row">
                    <When is=move || !is_sent() && state() == Some(OtaState::Interrupted)>
                        <button type="button" on:click=move |_| store.cancel_upload()>
                            "Give the upload up"
                        </button>
                    </When>
                    <When is=move || state() == Some(OtaState::RestartNeeded)>
                        <button type="button" data-testid="boot-it" on:click=move |_| store.restart_device()>
                            "Restart into it"
                        </button>
                    </When>
                </p>
            </section>
        </When>
    }
}

fn slots(ota: &Ota) -> Vec<AnyView> {
    let slots = ota.slots.iter().enumerate();
    let lines = slots.map(|(index, slot)| {
        view! {
            <li>
                {slot_words(ota, index, slot)} " " <span class="bad">{rejection_words(slot)}</span>
            </li>
        }
        .into_any()
    });
    lines.collect()
}

/// Takes signed firmware.
#[component]
fn FirmwareDrop() -> impl IntoView {
    let store = Store::of_app();
    let may_be_older = RwSignal::new(false);
    let on_file =
        Callback::new(move |file| store.send_firmware(file, may_be_older.get_untracked()));
    let label = "Drop signed firmware here, or choose it";
    let hint = "What `cargo xtask sign` has written. Its signature, chip, size and version are checked before anything is erased.";
    view! {
        <DropZone label hint test_id="firmware-input" on_file />
        <p class="row">
            <Switch
                label="It may be older than what runs"
                hint="Otherwise an older version is refused".to_owned()
                test_id="allow-downgrade".to_owned()
                on=may_be_older
                on_change=Callback::new(move |is_on| may_be_older.set(is_on))
            />
        </p>
    }
}

/// Shows how far the upload is, and gives it up.
#[component]
fn Progress() -> impl IntoView {
    let store = Store::of_app();
    let of = move |part: fn(&Sending) -> u64| {
        store
            .sending
            .with(|sending| sending.as_ref().map_or(0, part))
    };
    let words = move || {
        store.sending.with(|sending| {
            let sending = sending.as_ref()?;
            let [sent, total] = [sending.sent, sending.total].map(format::bytes);
            Some(format!("{}: {sent} of {total}", sending.name))
        })
    };
    view! {
        <div class="sending">
            <progress
                aria-label="Upload"
                max=move || of(|sending| sending.total).to_string()
                value=move || of(|sending| sending.sent).to_string()
            ></progress>
            <span class="num" data-testid="sent">
                {words}
            </span>
            <button type="button" data-testid="cancel-upload" on:click=move |_| store.cancel_upload()>
                "Cancel"
            </button>
        </div>
    }
}
