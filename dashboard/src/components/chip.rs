use std::sync::Arc;

use leptos::prelude::*;

/// Says what is left out of a page, until somebody wants all again; nothing where there are no words.
pub fn chip(
    test_id: &'static str,
    hint: &'static str,
    words: Box<dyn Fn() -> Option<String> + Send>,
    clear: Box<dyn Fn() + Send + Sync>,
) -> AnyView {
    let clear = Arc::<dyn Fn() + Send + Sync>::from(clear);
    let drawn = move || {
        let (words, clear) = (words()?, Arc::clone(&clear));
        Some(
            view! {
                <span class="tag info chip" data-testid=test_id>
                    {words}
                    <button type="button" class="plain" aria-label=hint title=hint on:click=move |_| clear()>
                        "×"
                    </button>
                </span>
            }
            .into_any(),
        )
    };
    view! { {drawn} }.into_any()
}
