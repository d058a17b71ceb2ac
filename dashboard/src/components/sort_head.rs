use leptos::prelude::*;

/// Draws the head of a column that a table can be ordered by: `rises` is whether it is, from the lowest on, and `None` where it is
/// ordered by another one.
pub fn sort_head(
    class: &'static str,
    title: &'static str,
    hint: &'static str,
    rises: impl Fn() -> Option<bool> + Send + 'static,
    on_choice: impl Fn() + 'static,
) -> AnyView {
    let sorted = move || match rises() {
        Some(true) => Some("ascending"),
        Some(false) => Some("descending"),
        None => None,
    };
    view! {
        <th scope="col" class=class aria-sort=sorted>
            <button type="button" title=hint on:click=move |_| on_choice()>
                {title}
            </button>
        </th>
    }
    .into_any()
}
