use leptos::prelude::*;

use crate::components::DropZone;
use crate::files::kind::FileKind;
use crate::store::sources::Sources;

/// Takes a capture file.
#[component]
pub fn CaptureDrop() -> impl IntoView {
    let sources = Sources::of_app();
    let on_file = Callback::new(move |file| sources.open(file, Some(FileKind::Capture)));
    let label = "Drop a capture here (trace.hbc), or choose it";
    let hint = "It is read in this browser and goes nowhere.";
    view! { <DropZone label hint test_id="capture-input" on_file /> }
}
