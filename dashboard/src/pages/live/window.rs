//! How much of the past the chart of the heap shows.

use leptos::prelude::*;

use crate::store::Store;

const MINUTE_US: u64 = 60_000_000;
/// Windows that can be chosen where more than that is known, and what they are called.
const WINDOWS: [(u64, &str); 3] = [
    (10 * MINUTE_US, "10 min"),
    (60 * MINUTE_US, "1 h"),
    (24 * 60 * MINUTE_US, "24 h"),
];
/// All that is known.
pub(super) const ALL: u64 = u64::MAX;

/// Chooses the window; nothing where there is nothing to choose.
#[component]
pub(super) fn WindowChoice(window: RwSignal<u64>) -> impl IntoView {
    let store = Store::of_app();
    let offered = Memo::new(move |_| {
        let history = store.heap_history.read();
        let last = history.items().last().map_or(0, |sample| sample.time_us);
        let known_us = last.saturating_sub(history.since_us().unwrap_or(last));
        offered(known_us)
    });
    let button = move |us: u64, label: &'static str| {
        view! {
            <button
                type="button"
                aria-pressed=move || (window.get() == us).to_string()
                on:click=move |_| window.set(us)
            >
                {label}
            </button>
        }
        .into_any()
    };
    move || {
        let windows = WINDOWS[..offered.get()].iter();
        let windows: Vec<AnyView> = windows.map(|(us, label)| button(*us, label)).collect();
        (!windows.is_empty()).then(|| {
            view! {
                <span class="segments" role="group" aria-label="How far back" data-testid="window">
                    {windows}
                    {button(ALL, "all")}
                </span>
            }
        })
    }
}

/// Returns how many of the windows are shorter than all that is known.
fn offered(known_us: u64) -> usize {
    WINDOWS.iter().filter(|(us, _)| *us < known_us).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_shorter_than_all_can_be_chosen() {
        assert_eq!(offered(0), 0);
        assert_eq!(offered(10 * MINUTE_US), 0);
        assert_eq!(offered(11 * MINUTE_US), 1);
        assert_eq!(offered(ALL), WINDOWS.len());
    }
}
