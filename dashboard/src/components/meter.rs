use leptos::prelude::*;

use crate::format;

/// Shows how full something is, and how full it was.
#[component]
pub fn Meter(
    /// What is filled, such as `records`.
    things: &'static str,
    /// How many there are.
    now: u64,
    /// The most there were.
    most: u64,
    /// How many fit.
    capacity: u64,
) -> impl IntoView {
    let [now_words, most_words, capacity_words] = [now, most, capacity].map(format::count);
    let words =
        format!("{now_words} of {capacity_words} {things}; at most {most_words} since the start");
    view! {
        <span class="meter" title=words>
            <span
                class="fill"
                role="meter"
                aria-label=words.clone()
                aria-valuemin="0"
                aria-valuenow=now.to_string()
                aria-valuemax=capacity.to_string()
            >
                <b style:width=format::percent(now, capacity)></b>
                <u style:left=format::percent(most, capacity)></u>
            </span>
            <span class="num" aria-hidden="true">
                {now_words} " / " {capacity_words}
            </span>
        </span>
    }
}
