use heapbeacon_shared::api::{Feature, Mode, Route, State, Trace};
use leptos::prelude::*;

use crate::components::Meter;
use crate::state::Store;

/// Shows what the trace is doing, how full its buffer is, and what can be done now.
#[component]
pub(super) fn TraceControls() -> impl IntoView {
    let store = Store::of_app();
    let known = Memo::new(move |_| store.trace.with(Option::is_some));
    view! {
        <Show when=move || known.get()>
            <div class="trace">
                <StatePill />
                <Fill />
                <Show when=move || store.offers(Feature::Tracing)>
                    <Buttons />
                </Show>
            </div>
        </Show>
    }
}

#[component]
fn StatePill() -> impl IntoView {
    let store = Store::of_app();
    let sign = Memo::new(move |_| store.trace.with(|trace| trace.as_ref().map(sign)));
    let compiled_in = move || store.offers(Feature::Tracing);
    view! {
        <span
            class=move || format!("pill {}", sign.get().map_or("", |sign| sign.0))
            data-testid="trace-state"
        >
            <i aria-hidden="true"></i>
            {move || match sign.get() {
                Some((_, words)) if compiled_in() => words,
                _ => "tracing not compiled in".to_owned(),
            }}
        </span>
    }
}

/// Returns the class and the words of a trace's state.
fn sign(trace: &Trace) -> (&'static str, String) {
    let mode = match trace.mode {
        Some(Mode::Leaks) => " · leaks",
        Some(Mode::All) => " · all",
        None => "",
    };
    match trace.state {
        State::Uninitialised => ("", "not tracing".to_owned()),
        State::Stopped if trace.trace_id == 0 => ("", "not tracing".to_owned()),
        State::Stopped => ("", format!("stopped{mode}")),
        State::Recording => ("recording", format!("recording{mode}")),
        State::Paused => ("paused", format!("paused{mode}")),
    }
}

#[component]
fn Fill() -> impl IntoView {
    let store = Store::of_app();
    let level = Memo::new(move |_| {
        store.trace.with(|trace| {
            trace.as_ref().map_or((0, 0, 0), |trace| {
                let numbers = [trace.count, trace.high_water_mark, trace.capacity];
                let [count, most, capacity] = numbers.map(u64::from);
                (count, most, capacity)
            })
        })
    });
    view! {
        <Show when=move || { level.get().2 > 0 }>
            <Meter things="records" level />
        </Show>
    }
}

#[component]
fn Buttons() -> impl IntoView {
    let store = Store::of_app();
    let stage = Memo::new(move |_| {
        store.trace.with(|trace| {
            let trace = trace.as_ref();
            trace.map(|trace| (trace.state, trace.trace_id > 0))
        })
    });
    let buttons = move || match stage.get() {
        Some((State::Recording, _)) => view! { <Pause /> <Stop /> }.into_any(),
        Some((State::Paused, _)) => view! { <Resume /> <Stop /> }.into_any(),
        Some((State::Stopped, true)) => view! { <Resume /> <StartAll /> <StartLeaks /> }.into_any(),
        _ => view! { <StartAll /> <StartLeaks /> }.into_any(),
    };
    view! { <div class="buttons">{buttons}</div> }
}

/// A button that does one thing to the trace.
#[component]
fn Command(
    label: &'static str,
    hint: &'static str,
    test_id: &'static str,
    #[prop(optional)] primary: bool,
    run: fn(Store),
) -> impl IntoView {
    let store = Store::of_app();
    view! {
        <button
            type="button"
            class:primary=primary
            title=hint
            data-testid=test_id
            disabled=move || store.busy.get()
            on:click=move |_| run(store)
        >
            {label}
        </button>
    }
}

#[component]
fn StartLeaks() -> impl IntoView {
    let hint = "Clears the trace and keeps only blocks that are not freed";
    let run = |store: Store| store.start_trace(Mode::Leaks);
    view! { <Command label="Start leaks" hint test_id="start-leaks" primary=true run /> }
}

#[component]
fn StartAll() -> impl IntoView {
    let hint = "Clears the trace and keeps freed blocks too, with who freed them";
    let run = |store: Store| store.start_trace(Mode::All);
    view! { <Command label="Start all" hint test_id="start-all" run /> }
}

#[component]
fn Pause() -> impl IntoView {
    let hint = "New allocations are not recorded; frees still are";
    let run = |store: Store| store.command(Route::Pause);
    view! { <Command label="Pause" hint test_id="pause" run /> }
}

#[component]
fn Resume() -> impl IntoView {
    let hint = "Records again and clears nothing";
    let run = |store: Store| store.command(Route::Resume);
    view! { <Command label="Resume" hint test_id="resume" run /> }
}

#[component]
fn Stop() -> impl IntoView {
    let hint = "Records nothing more; what was recorded stays";
    let run = |store: Store| store.command(Route::Stop);
    view! { <Command label="Stop" hint test_id="stop" run /> }
}
