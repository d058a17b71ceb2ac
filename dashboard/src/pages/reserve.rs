use heapbeacon_shared::api::Heap;
use heapbeacon_shared::trace::Reserve;
use leptos::prelude::*;

use crate::format;
use crate::store::Store;

/// Shows what of the heap is held back, or since when it is not.
#[component]
pub(super) fn ReserveNote() -> impl IntoView {
    let store = Store::of_app();
    let told = move || store.heap.with(|heap| heap.as_ref().and_then(told));
    view! { {move || told().map(|(words, is_held)| note(words, is_held))} }
}

fn note(words: String, is_held: bool) -> AnyView {
    let class = if is_held { "note" } else { "note bad" };
    view! {
        <p class=class data-testid="reserve">
            {words}
        </p>
    }
    .into_any()
}

fn told(heap: &Heap) -> Option<(String, bool)> {
    heap.reserve
        .map(|reserve| (words(&reserve, heap.time_us), reserve.held))
}

fn words(reserve: &Reserve, now_us: u64) -> String {
    let size = format::bytes(reserve.size);
    let times = match reserve.given {
        0 => String::new(),
        1 => " So far they were given back once.".to_owned(),
        times => format!(" So far they were given back {times} times."),
    };
    if reserve.held {
        return format!(
            "{size} of what is used are held back, so that the network goes on when the heap is full.{times}"
        );
    }
    match reserve.given_us {
        Some(given_us) => {
            let ago = format::duration(now_us.saturating_sub(given_us));
            format!(
                "The {size} that were held back for the network were given back {ago} ago, when an allocation failed. \
                 They are taken again when there is room."
            )
        }
        None => format!("There was no room yet to hold {size} back for the network."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_told_in_each_of_its_states() {
        let reserve = Reserve {
            size: 12 * 1024,
            held: true,
            ..Reserve::default()
        };
        assert!(words(&reserve, 0).starts_with("12.0 KiB of what is used are held back"));
        let given = Reserve {
            held: false,
            given: 1,
            given_us: Some(2_000_000),
            ..reserve
        };
        let told = words(&given, 5_000_000);
        assert!(
            told.contains("given back 3 s ago, when an allocation failed"),
            "{told}"
        );
        let again = Reserve {
            held: true,
            ..given
        };
        assert!(words(&again, 0).ends_with("given back once."));
        let never = Reserve {
            held: false,
            ..reserve
        };
        assert!(words(&never, 0).starts_with("There was no room yet"));
    }
}
