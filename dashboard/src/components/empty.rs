use leptos::prelude::*;

/// Stands where there is nothing to show yet, and says what to do.
#[component]
pub fn Empty(
    /// What is missing.
    #[prop(into)]
    title: Signal<String>,
    /// Whether it stands for a whole page, whose heading it then has.
    #[prop(optional)]
    is_page: bool,
    /// What to do about it, and perhaps the button that does it.
    children: Children,
) -> impl IntoView {
    let heading = match is_page {
        true => view! { <h1>{title}</h1> }.into_any(),
        false => view! { <h2>{title}</h2> }.into_any(),
    };
    view! {
        <section class="panel empty">
            {heading}
            {children()}
        </section>
    }
}
