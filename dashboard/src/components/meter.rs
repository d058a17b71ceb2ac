use leptos::prelude::*;

use crate::format;

/// Shows how full something is, and how full it was.
#[component]
pub fn Meter(
    /// What is filled, such as `records`.
    things: &'static str,
    /// How many there are, the most there were, and how many fit.
    #[prop(into)]
    level: Signal<(u64, u64, u64)>,
) -> impl IntoView {
    let percent = |part: u64, all: u64| format!("{:.1}%", part as f64 * 100.0 / all.max(1) as f64);
    let words = move || {
        let (now, most, all) = level.get();
        let [now, most, all] = [now, most, all].map(format::count);
        format!("{now} of {all} {things}; at most {most} since the start")
    };
    view! {
        <span class="meter" title=words>
            <span
                class="fill"
                role="meter"
                aria-label=words
                aria-valuemin="0"
                aria-valuenow=move || level.get().0.to_string()
                aria-valuemax=move || level.get().2.to_string()
            >
                <b style:width=move || percent(level.get().0, level.get().2)></b>
                <u style:left=move || percent(level.get().1, level.get().2)></u>
            </span>
            <span class="num" aria-hidden="true">
                {move || format::count(level.get().0)} " / " {move || format::count(level.get().2)}
            </span>
        </span>
    }
}
