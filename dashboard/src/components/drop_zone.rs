use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Event, File, HtmlInputElement};

/// Returns the files that were dropped.
pub fn dropped_files(event: &DragEvent) -> Vec<File> {
    let files = event.data_transfer().and_then(|dropped| dropped.files());
    let files = files.into_iter();
    let files = files.flat_map(|files| (0..files.length()).filter_map(move |nth| files.get(nth)));
    files.collect()
}

/// Takes a file by drag and drop, by click, or by keyboard. Several at once are for the whole page.
#[component]
pub fn DropZone(
    /// What to choose.
    label: &'static str,
    /// What happens to it.
    hint: &'static str,
    /// Names the field in tests.
    test_id: &'static str,
    /// Takes the file.
    on_file: Callback<File>,
) -> impl IntoView {
    let over = RwSignal::new(false);
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        over.set(false);
        if let [file] = &dropped_files(&event)[..] {
            event.stop_propagation();
            on_file.run(file.clone());
        }
    };
    let chosen = move |event: Event| {
        let input = event
            .target()
            .and_then(|it| it.dyn_into::<HtmlInputElement>().ok());
        let Some(input) = input else { return };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            on_file.run(file);
        }
        // So that the same file can be chosen again after a rebuild.
        input.set_value("");
    };
    view! {
        <label
            class="drop-zone"
            class:over=over
            on:dragover=move |event| {
                event.prevent_default();
                over.set(true);
            }
            on:dragleave=move |_| over.set(false)
            on:drop=dropped
        >
            <input type="file" data-testid=test_id on:change=chosen />
            <strong>{label}</strong>
            <span>{hint}</span>
        </label>
    }
}
