use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::leave;
use crate::format;

/// How full something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// How much there is.
    pub now: u64,
    /// The most there was.
    pub most: u64,
    /// How much fits.
    pub capacity: u64,
}

/// Shows how full something is, and how full it was. In words, too, to whoever points at it, taps it or tabs to it.
#[component]
pub fn Meter(
    /// What is filled, such as `records`.
    things: &'static str,
    /// How full it is.
    level: Memo<Level>,
) -> impl IntoView {
    let words = move || words(things, &level.get());
    let share = move |part: fn(&Level) -> u64| {
        level.with(|level| format::percent(part(level), level.capacity))
    };
    view! {
        <span
            class="meter"
            role="meter"
            tabindex="0"
            aria-label=words
            aria-valuemin="0"
            aria-valuenow=move || level.get().now.to_string()
            aria-valuemax=move || level.get().capacity.to_string()
            on:keydown=|event: KeyboardEvent| leave(&event)
        >
            <span class="fill">
                <b style:width=move || share(|level| level.now)></b>
                <u style:left=move || share(|level| level.most)></u>
            </span>
            <span class="num">
                {move || level.with(|level| [level.now, level.capacity].map(format::count).join(" / "))} " " {things}
            </span>
            <span class="bubble">{words}</span>
        </span>
    }
}

fn words(things: &str, level: &Level) -> String {
    let [now, most, capacity] = [level.now, level.most, level.capacity].map(format::count);
    format!("{now} of {capacity} {things}; at most {most} since the start")
}
