use leptos::prelude::*;
use leptos::web_sys::PointerEvent;

use crate::location::view_value;
use crate::model::map::colours::ColourBy;

/// Colours that the key names: eight have one, and all others share one.
pub(super) const KEYS: usize = 9;

/// What somebody looks at, and how. A handle: copies share everything.
#[derive(Clone, Copy)]
pub(super) struct Look {
    /// Index of what blocks are coloured by.
    colour: RwSignal<usize>,
    /// An address inside the piece that is pointed at, if any is.
    pub(super) pointed: RwSignal<Option<u64>>,
}

impl Look {
    /// Takes it from the address of the page.
    pub(super) fn of_view() -> Self {
        let named = view_value("colour");
        let mut all = ColourBy::ALL.iter();
        let colour = all.position(|by| by.name() == named);
        Self {
            colour: RwSignal::new(colour.unwrap_or(0)),
            pointed: RwSignal::new(None),
        }
    }

    /// Returns it as the address says it.
    pub(super) fn view(self) -> Vec<(&'static str, String)> {
        vec![("colour", self.colour_by().name().to_owned())]
    }

    /// Takes a pointer that leaves the map. A finger leaves when it is lifted: what it chose stays.
    pub(super) fn leave(self, event: &PointerEvent) {
        if event.pointer_type() == "mouse" {
            self.pointed.set(None);
        }
    }

    /// Returns what blocks are coloured by.
    pub(super) fn colour_by(self) -> ColourBy {
        let by = ColourBy::ALL.get(self.colour.get());
        by.copied().unwrap_or_default()
    }
}

/// Lets somebody choose what blocks are coloured by.
#[component]
pub(super) fn SegmentedColours(look: Look) -> impl IntoView {
    let segment = |(index, by): (usize, &ColourBy)| {
        view! {
            <button
                type="button"
                data-testid=by.title()
                aria-pressed=move || (look.colour.get() == index).to_string()
                on:click=move |_| look.colour.set(index)
            >
                {by.title()}
            </button>
        }
        .into_any()
    };
    let segments: Vec<AnyView> = ColourBy::ALL.iter().enumerate().map(segment).collect();
    view! {
        <div class="segments" role="group" aria-label="What blocks are coloured by">
            {segments}
        </div>
    }
}
