use std::sync::Arc;

use leptos::prelude::*;

/// A row of a [`KeyedList`].
pub struct Item {
    key: String,
    draw: ChildrenFn,
}

impl Item {
    /// Draws a row once, for as long as its key is listed.
    pub fn new(key: String, draw: impl Fn() -> AnyView + Send + Sync + 'static) -> Self {
        let draw = Arc::new(draw);
        Self { key, draw }
    }
}

/// Lists rows that keep their place on the page, and what was opened in them, while their keys stay.
///
/// It is [`For`] with one type of rows, so that the bundle has one list for all.
#[component]
pub fn KeyedList(
    /// The rows as they are now.
    items: Callback<(), Vec<Item>>,
) -> impl IntoView {
    view! {
        <For
            each=move || items.run(())
            key=|item| item.key.clone()
            children=|item| (item.draw)()
        />
    }
}
