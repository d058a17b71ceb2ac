//! How much of the past the chart of the heap shows.

use leptos::prelude::*;

use crate::components::When;
use crate::store::Store;

const MINUTE_US: u64 = 60_000_000;
/// Windows that can be chosen where more than that is known, and what they are called.
const WINDOWS: [(u64, &str); 2] = [(MINUTE_US, "1 min"), (15 * MINUTE_US, "15 min")];

/// Returns the microseconds of a window, by its place in the list of them; none is all that is known.
pub(super) fn length_us(window: Option<usize>) -> u64 {
    let window = window.and_then(|index| WINDOWS.get(index));
    window.map_or(u64::MAX, |(us, _)| *us)
}

/// Chooses the window; nothing where there is nothing to choose.
#[component]
pub(super) fn WindowChoice(window: RwSignal<Option<usize>>) -> impl IntoView {
    let store = Store::of_app();
    let exceeds = move |index: usize| known_us(store) > length_us(Some(index));
    let choice = move |index: Option<usize>, label: &'static str| {
        view! {
            <button
                type="button"
                aria-pressed=move || (window.get() == index).to_string()
                on:click=move |_| window.set(index)
            >
                {label}
            </button>
        }
        .into_any()
    };
    let offered = move |(index, (_, label)): (usize, &(u64, &'static str))| {
        let label = *label;
        view! { <When is=move || exceeds(index)>{choice(Some(index), label)}</When> }.into_any()
    };
    view! {
        <When is=move || exceeds(0)>
            <span class="segments" role="group" aria-label="How far back" data-testid="window">
                {WINDOWS.iter().enumerate().map(offered).collect::<Vec<AnyView>>()}
                {choice(None, "since boot")}
            </span>
        </When>
    }
}

/// Returns how long a time is known, in microseconds.
fn known_us(store: Store) -> u64 {
    store.heap_history.read().known_us()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_is_all_that_is_known() {
        assert_eq!(length_us(Some(0)), MINUTE_US);
        assert_eq!(length_us(None), u64::MAX);
        assert_eq!(length_us(Some(WINDOWS.len())), u64::MAX);
    }
}
