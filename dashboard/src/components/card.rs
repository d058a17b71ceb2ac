use leptos::prelude::*;

/// Shows one number with its unit and a note below it.
#[component]
pub fn Card(
    /// What the number is.
    title: &'static str,
    /// What it means, on hover.
    hint: &'static str,
    /// The number and its unit.
    #[prop(into)]
    value: Signal<(String, String)>,
    /// What goes with it.
    #[prop(into)]
    note: Signal<String>,
    /// Whether the note calls for action.
    #[prop(into, optional)]
    alarming: Signal<bool>,
) -> impl IntoView {
    view! {
        <section class="panel card" title=hint>
            <h2>{title}</h2>
            <p class="big">
                {move || value.get().0} " " <small>{move || value.get().1}</small>
            </p>
            <p class="note" class:bad=alarming>
                {note}
            </p>
        </section>
    }
}
