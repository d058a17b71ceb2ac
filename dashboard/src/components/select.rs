use leptos::prelude::*;

use super::reactive;

/// What can be chosen: its value, what it is called, and whether it is chosen.
pub type Offered = (String, String, bool);

/// Lets somebody choose one of several.
pub fn select(
    label: &'static str,
    test_id: &'static str,
    offered: Box<dyn Fn() -> Vec<Offered> + Send>,
    choose: Box<dyn Fn(String)>,
) -> AnyView {
    view! {
        <select
            aria-label=label
            data-testid=test_id
            on:change=move |event| choose(event_target_value(&event))
        >
            {reactive(move || options(offered()))}
        </select>
    }
    .into_any()
}

/// Draws what can be chosen.
pub fn options(offered: Vec<Offered>) -> Vec<AnyView> {
    let option = |(value, words, is_chosen): Offered| {
        view! { <option value=value selected=is_chosen>{words}</option> }.into_any()
    };
    offered.into_iter().map(option).collect()
}
