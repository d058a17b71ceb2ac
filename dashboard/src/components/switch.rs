use leptos::prelude::*;

/// Turns something on and off.
#[component]
pub fn Switch(
    /// What is switched.
    #[prop(into)]
    label: Signal<String>,
    /// What that does, on hover.
    hint: String,
    /// Names the switch in tests.
    test_id: String,
    /// Whether it is on.
    #[prop(into)]
    on: Signal<bool>,
    /// Takes what it is to be.
    on_change: Callback<bool>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            role="switch"
            class="switch"
            title=hint
            data-testid=test_id
            aria-checked=move || on.get().to_string()
            on:click=move |_| on_change.run(!on.get_untracked())
        >
            <span class="track" aria-hidden="true"></span>
            {label}
        </button>
    }
}
