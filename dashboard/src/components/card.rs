use leptos::prelude::*;

/// Shows one number with its unit and a note below it.
#[component]
pub fn Card(
    /// What the number is.
    title: &'static str,
    /// What it means, on hover.
    hint: &'static str,
    /// The number and its unit.
    value: (String, String),
    /// What goes with it.
    note: String,
    /// Whether the note calls for action.
    #[prop(optional)]
    alarming: bool,
) -> impl IntoView {
    let (value, unit) = value;
    view! {
        <section class="panel card" title=hint tabindex="0">
            <h2>{title}</h2>
            <p class="big">{value} " " <small>{unit}</small></p>
            <p class="note" class:bad=alarming>
                {note}
            </p>
        </section>
    }
}
