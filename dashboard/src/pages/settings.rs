use heapbeacon_shared::api::{Settings, SettingsRequest, SettingsState};
use heapbeacon_shared::trace::{Action, BootTrace, Condition, MAX_TRIGGERS};
use leptos::prelude::*;

use crate::components::{Switch, When};
use crate::format;
use crate::model::wishes::{WishedTrigger, Wishes, action_words, boot_words, condition_words};
use crate::store::Store;

/// What the form says, once the device has told what it keeps.
type Form = RwSignal<Option<Wishes>>;

/// Shows what the device keeps from boot to boot, and changes it.
#[component]
pub(super) fn SettingsPanel() -> impl IntoView {
    let store = Store::of_app();
    let form: Form = RwSignal::new(None);
    store.load_settings();
    // What somebody has begun to write stays as it is, whatever the device says meanwhile.
    Effect::new(move || {
        let told = store
            .settings
            .with(|settings| settings.as_ref().map(Wishes::of));
        if form.with_untracked(Option::is_none) {
            form.set(told);
        }
    });
    view! {
        <When is=move || form.with(Option::is_some)>
            <section class="panel" data-testid="settings">
                <h2>"Settings"</h2>
                <p class="note">{move || store.settings.with(|settings| settings.as_ref().map(state_words))}</p>
                <form on:submit=move |event| {
                    event.prevent_default();
                    save(store, form);
                }>
                    <Fields form />
                    <Triggers form />
                    <Secrets form />
                    <Buttons form />
                </form>
            </section>
        </When>
    }
}

fn state_words(settings: &Settings) -> &'static str {
    match settings.state {
        SettingsState::Nothing => "Nothing is set: the device does as its firmware has it.",
        SettingsState::Stored => "Kept in the device's flash, over restarts and power cuts.",
        SettingsState::Unknown => {
            "A firmware of another version has stored what the device keeps, so it does as its firmware has it. Save to replace it."
        }
        SettingsState::Damaged => {
            "What the device kept can't be read, so it does as its firmware has it. Save to replace it."
        }
    }
}

/// Has the device keep what the form says.
fn save(store: Store, form: Form) {
    let kept = store
        .settings
        .with_untracked(|settings| settings.as_ref().map(Wishes::of));
    let request = form.with_untracked(|wishes| Some(wishes.as_ref()?.request(&kept?)));
    match request {
        Some(Ok(request)) => store.set_settings(request, move || {
            // What comes of it is told anew.
            form.set(None);
            store
                .notices
                .show("The device keeps these settings.".to_owned());
        }),
        Some(Err(why)) => store.notices.show_error(why),
        None => {}
    }
}

#[component]
fn Fields(form: Form) -> impl IntoView {
    let name = text(
        form,
        Kind::Text,
        "Name",
        "As the firmware has it",
        |wishes| &mut wishes.name,
    );
    let records = text(
        form,
        Kind::Number,
        "Records of that trace",
        "As many as usual",
        |wishes| &mut wishes.records,
    );
    let ssid = text(
        form,
        Kind::Text,
        "Wi-Fi network, from the next boot on",
        "The firmware's",
        |wishes| &mut wishes.wifi_ssid,
    );
    let references = switch(
        form,
        "allow-references",
        "Memory may be scanned for who holds a block",
        "Without, nobody can ask for references",
        |wishes| &mut wishes.references,
    );
    let log = switch(
        form,
        "keep-log",
        "The last lines of the log are kept for a post-mortem",
        "Without, what the firmware logs stays on its console",
        |wishes| &mut wishes.log,
    );
    view! {
        <div class="fields">
            {name}
            {boot_trace(form)}
            {records}
            {ssid}
        </div>
        {references}
        {log}
    }
}

const BOOTS: [BootTrace; 4] = [
    BootTrace::Firmware,
    BootTrace::Off,
    BootTrace::Leaks,
    BootTrace::All,
];

/// Draws the choice of what is traced from the next boot on.
fn boot_trace(form: Form) -> impl IntoView {
    let choose = move |event| {
        let chosen = event_target_value(&event);
        let trace = BOOTS.into_iter().find(|trace| boot_words(*trace) == chosen);
        change(form, |wishes| wishes.trace = trace.unwrap_or_default());
    };
    let option = move |trace: BootTrace| {
        let words = boot_words(trace);
        let is_chosen = move || read(form, |wishes| wishes.trace) == Some(trace);
        view! { <option value=words selected=is_chosen>{words}</option> }.into_any()
    };
    view! {
        <label class="field">
            <span>"Traces from its next boot on"</span>
            <select data-testid="boot-trace" on:change=choose>
                {BOOTS.map(option).into_iter().collect::<Vec<AnyView>>()}
            </select>
        </label>
    }
}

/// What is written into a field.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Number,
    Secret,
}

/// Draws a switch of the form.
fn switch(
    form: Form,
    test_id: &str,
    label: &'static str,
    hint: &str,
    part: fn(&mut Wishes) -> &mut bool,
) -> AnyView {
    let on = move || read(form, |wishes| *part(&mut wishes.clone())) == Some(true);
    view! {
        <p>
            <Switch
                label=Signal::derive(move || label.to_owned())
                hint=hint.to_owned()
                test_id=test_id.to_owned()
                on=Signal::derive(on)
                on_change=Callback::new(move |on| change(form, |wishes| *part(wishes) = on))
            />
        </p>
    }
    .into_any()
}

/// Draws a field for a text of the form.
fn text(
    form: Form,
    kind: Kind,
    label: &'static str,
    usual: &'static str,
    part: fn(&mut Wishes) -> &mut String,
) -> AnyView {
    let value = move || read(form, |wishes| part(&mut wishes.clone()).clone());
    let (type_, mode) = match kind {
        Kind::Text => ("text", "text"),
        Kind::Number => ("text", "numeric"),
        Kind::Secret => ("password", "text"),
    };
    view! {
        <label class="field">
            <span>{label}</span>
            <input
                type=type_
                inputmode=mode
                autocomplete=if kind == Kind::Secret { "new-password" } else { "off" }
                placeholder=usual
                prop:value=value
                on:input=move |event| change(form, |wishes| *part(wishes) = event_target_value(&event))
            />
        </label>
    }
    .into_any()
}

#[component]
fn Secrets(form: Form) -> impl IntoView {
    let store = Store::of_app();
    let kept = |has: fn(&Settings) -> bool| {
        let has = store
            .settings
            .with_untracked(|settings| settings.as_ref().is_some_and(has));
        if has {
            "Kept, and not shown"
        } else {
            "None is kept"
        }
    };
    let password = kept(|settings| settings.has_wifi_password);
    let control = kept(|settings| settings.has_control_token);
    let read = kept(|settings| settings.has_read_token);
    view! {
        <h3>"Secrets"</h3>
        <p class="note">"An empty field leaves what the device keeps. It never shows a secret again."</p>
        <div class="fields">
            {text(form, Kind::Secret, "Password of the Wi-Fi network", password, |wishes| &mut wishes.wifi_password)}
            {text(form, Kind::Secret, "Token for everything", control, |wishes| &mut wishes.control_token)}
            {text(form, Kind::Secret, "Token that may only read", read, |wishes| &mut wishes.read_token)}
        </div>
        <When is=move || store.settings.with(|settings| settings.as_ref().is_some_and(|settings| settings.has_read_token))>
            <button type="button" on:click=move |_| take_back(store)>
                "Take the token for reading back"
            </button>
        </When>
    }
}

/// Has the device keep no token for reading.
fn take_back(store: Store) {
    let request = SettingsRequest {
        read_token: Some(Default::default()),
        ..SettingsRequest::default()
    };
    store.set_settings(request, || {});
}

#[component]
fn Triggers(form: Form) -> impl IntoView {
    let rows = move || read(form, |wishes| wishes.triggers.len()).unwrap_or(0);
    let is_full = move || rows() >= MAX_TRIGGERS;
    let add = move || change(form, |wishes| wishes.triggers.push(WishedTrigger::usual()));
    view! {
        <h3>"What the device does by itself"</h3>
        <p class="note">"Each time one of these comes about, the device also leaves a mark."</p>
        <div class="triggers">
            // Drawn anew where one is added or taken away, and left while somebody writes.
            {move || (0..rows()).map(|index| trigger(form, index)).collect::<Vec<AnyView>>()}
        </div>
        <button
            type="button"
            data-testid="add-trigger"
            disabled=is_full
            on:click=move |_| add()
        >
            "Add a trigger"
        </button>
    }
}

fn trigger(form: Form, index: usize) -> AnyView {
    let store = Store::of_app();
    let at = move |part: fn(&WishedTrigger) -> String| {
        let wished = read(form, |wishes| wishes.triggers.get(index).map(part));
        wished.flatten().unwrap_or_default()
    };
    let set = move |work: &dyn Fn(&mut WishedTrigger)| {
        change(form, |wishes| wishes.triggers.get_mut(index).map(work));
    };
    let when = select(
        "When",
        Condition::ALL.map(condition_words),
        Signal::derive(move || at(|trigger| condition_words(trigger.when).to_owned())),
        Callback::new(move |chosen| set(&|trigger| trigger.when = Condition::ALL[chosen])),
    );
    let then = select(
        "Then",
        Action::ALL.map(action_words),
        Signal::derive(move || at(|trigger| action_words(trigger.then).to_owned())),
        Callback::new(move |chosen| set(&|trigger| trigger.then = Action::ALL[chosen])),
    );
    let has_bytes =
        move || at(|trigger| trigger.when.name().to_owned()) != Condition::AllocationFailed.name();
    let write = move |event| {
        let bytes = event_target_value(&event);
        set(&|trigger| trigger.bytes.clone_from(&bytes));
    };
    view! {
        <div class="row" data-testid="trigger">
            "When " {when}
            <When is=has_bytes>
                <input
                    class="bytes"
                    inputmode="numeric"
                    aria-label="Bytes"
                    prop:value=move || at(|trigger| trigger.bytes.clone())
                    on:input=write
                />
                " bytes"
            </When>
            ", " {then}
            <span class="note">{move || fired(store, form, index)}</span>
            {trigger_buttons(store, form, index)}
        </div>
    }
    .into_any()
}

/// Draws what tries a trigger, and what takes it away.
fn trigger_buttons(store: Store, form: Form, index: usize) -> impl IntoView {
    let remove = move |_| {
        change(form, |wishes| {
            if index < wishes.triggers.len() {
                wishes.triggers.remove(index);
            }
        });
    };
    view! {
        <button
            type="button"
            title="Does it now, as if it had come about"
            disabled=move || !is_kept(store, form, index) || !store.takes_commands()
            on:click=move |_| store.try_trigger(index)
        >
            "Try it"
        </button>
        <button type="button" aria-label="Remove this trigger" on:click=remove>
            "×"
        </button>
    }
}

/// Draws a choice between words.
fn select<const N: usize>(
    label: &'static str,
    words: [&'static str; N],
    chosen: Signal<String>,
    choose: Callback<usize>,
) -> AnyView {
    let option = |words: &'static str| {
        let is_chosen = move || chosen.get() == words;
        view! { <option value=words selected=is_chosen>{words}</option> }.into_any()
    };
    let options: Vec<AnyView> = words.map(option).into_iter().collect();
    view! {
        <select
            aria-label=label
            on:change=move |event| {
                let value = event_target_value(&event);
                let place = words.iter().position(|words| *words == value);
                choose.run(place.unwrap_or(0));
            }
        >
            {options}
        </select>
    }
    .into_any()
}

/// Returns whether the device keeps a trigger as the form has it.
fn is_kept(store: Store, form: Form, index: usize) -> bool {
    let kept = store
        .settings
        .with(|settings| settings.as_ref().map(Wishes::of));
    let kept = kept.and_then(|kept| kept.triggers.get(index).cloned());
    kept.is_some() && kept == read(form, |wishes| wishes.triggers.get(index).cloned()).flatten()
}

/// Returns what has come of a trigger that the device keeps.
fn fired(store: Store, form: Form, index: usize) -> Option<String> {
    if !is_kept(store, form, index) {
        return Some("not saved yet".to_owned());
    }
    let settings = store.settings.read();
    let trigger = settings.as_ref()?.triggers.get(index)?;
    let last = trigger
        .fired_us
        .map(|time_us| format!(", last {} after boot", format::duration(time_us)));
    Some(match trigger.fired {
        0 => "has not come about since boot".to_owned(),
        times => format!(
            "came about {}{}",
            format::plural(times.into(), "time"),
            last.unwrap_or_default()
        ),
    })
}

#[component]
fn Buttons(form: Form) -> impl IntoView {
    let store = Store::of_app();
    view! {
        <p class="buttons">
            <button
                type="submit"
                class="primary"
                data-testid="save-settings"
                disabled=move || !store.takes_commands()
            >
                "Save"
            </button>
            <button
                type="button"
                title="Writes what the device keeps over what stands here"
                on:click=move |_| {
                    form.set(None);
                    store.load_settings();
                }
            >
                "Undo"
            </button>
            <button
                type="button"
                title="What was traced in this boot is gone then"
                data-testid="restart-device"
                disabled=move || !store.takes_commands()
                on:click=move |_| store.restart_device()
            >
                "Restart the device"
            </button>
        </p>
    }
}

fn read<R>(form: Form, part: impl FnOnce(&Wishes) -> R) -> Option<R> {
    form.with(|wishes| wishes.as_ref().map(part))
}

fn change<R>(form: Form, work: impl FnOnce(&mut Wishes) -> R) {
    form.update(|wishes| {
        wishes.as_mut().map(work);
    });
}
