use leptos::prelude::*;

/// Stands where there is nothing to show yet, and says what to do.
#[component]
pub fn Empty(
    /// What is missing.
    title: &'static str,
    /// What to do about it, and perhaps the button that does it.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="panel empty">
            <h2>{title}</h2>
            {children()}
        </section>
    }
}
