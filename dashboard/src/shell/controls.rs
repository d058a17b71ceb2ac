use heapbeacon_shared::api::{Feature, Route, Trace};
use heapbeacon_shared::trace::{Destination, Mode, State};
use leptos::prelude::*;

use super::command::{Command, StartAll, StartLeaks};
use super::mark::MarkControl;
use super::restart::ClearAndStart;
use crate::components::{Level, Meter, When, memo};
use crate::model::records_location::RecordsLocation;
use crate::store::Store;

/// Shows what the trace is doing, how full its buffer is, and what can be done now.
#[component]
pub(super) fn TraceControls() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <When is=move || store.trace.with(Option::is_some)>
            <div class="trace">
                <StatePill />
                <Fill />
                <When is=move || store.offers(Feature::Tracing)>
                    <Buttons />
                </When>
            </div>
        </When>
    }
}

#[component]
fn StatePill() -> impl IntoView {
    let store = Store::of_app();
    let sign = move || match store.trace.with(|trace| trace.as_ref().map(sign)) {
        Some((_, words)) if store.is_file => ("", format!("was {words}")),
        Some(_) if lacks_tracing(store) => ("", "tracing not compiled in".to_owned()),
        sign => sign.unwrap_or_default(),
    };
    view! {
        <span class=move || format!("pill {}", sign().0) data-testid="trace-state">
            <i aria-hidden="true"></i>
            {move || sign().1}
        </span>
    }
}

/// Returns whether the device is known, and offers no tracing.
fn lacks_tracing(store: Store) -> bool {
    store.device.with(Option::is_some) && !store.offers(Feature::Tracing)
}

/// Returns the class and the words of a trace's state.
fn sign(trace: &Trace) -> (&'static str, String) {
    let mode = match trace.summary.mode {
        Some(Mode::Leaks) => " · leaks",
        Some(Mode::All) => " · all",
        None => "",
    };
    // That records stay on the device is what one expects.
    let mode = match trace.summary.destination {
        Some(Destination::ToHost) => format!("{mode} · to a host"),
        _ => mode.to_owned(),
    };
    match trace.summary.state {
        State::Uninitialised => ("", "not tracing".to_owned()),
        State::Stopped if RecordsLocation::of(trace) == RecordsLocation::None => {
            ("", "not tracing".to_owned())
        }
        State::Stopped => ("", format!("stopped{mode}")),
        State::Recording => ("recording", format!("recording{mode}")),
        State::Paused => ("paused", format!("paused{mode}")),
    }
}

#[component]
fn Fill() -> impl IntoView {
    let store = Store::of_app();
    let level = memo(move || {
        store
            .trace
            .with(|trace| trace.as_ref().map(level).unwrap_or_default())
    });
    view! {
        <When is=move || { level.get().capacity > 0 }>
            <Meter things="records" level />
        </When>
    }
}

fn level(trace: &Trace) -> Level {
    Level {
        now: trace.summary.count.into(),
        most: trace.summary.high_water_mark.into(),
        capacity: trace.summary.capacity.into(),
    }
}

#[component]
fn Buttons() -> impl IntoView {
    let store = Store::of_app();
    // What was never started can't be resumed.
    let state = move || {
        let trace = store.trace.read();
        let trace = trace.as_ref().filter(|trace| trace.trace_id > 0);
        trace.map_or(State::Uninitialised, |trace| trace.summary.state)
    };
    let may_resume = move || matches!(state(), State::Paused | State::Stopped);
    let runs = move || matches!(state(), State::Recording | State::Paused);
    view! {
        <div class="buttons">
            <MarkControl />
            <When is=move || state() == State::Recording>
                <Pause />
            </When>
            <When is=may_resume>
                <Resume />
            </When>
            <When is=runs fallback=|| view! { <Starts /> }>
                <Stop />
            </When>
        </div>
    }
}

/// Starts a trace: at once where that clears nothing.
#[component]
fn Starts() -> impl IntoView {
    let store = Store::of_app();
    view! {
        <When is=move || store.has_records() fallback=|| view! { <StartAll /> <StartLeaks /> }>
            <ClearAndStart />
        </When>
    }
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
    view! { <Command label="Resume" hint test_id="resume" primary=true run /> }
}

#[component]
fn Stop() -> impl IntoView {
    let hint = "Records nothing more; what was recorded stays";
    let run = |store: Store| store.command(Route::Stop);
    view! { <Command label="Stop" hint test_id="stop" run /> }
}
