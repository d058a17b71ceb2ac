use leptos::prelude::*;

use crate::components::DropZone;
use crate::state::{Desk, FileKind};

/// Takes a capture file.
#[component]
pub fn CaptureDrop() -> impl IntoView {
    let desk = Desk::of_app();
    let on_file = Callback::new(move |file| desk.take(file, Some(FileKind::Capture)));
    let label = "Drop a capture here (trace.hbc), or choose it";
    let hint = "It is read in this browser and goes nowhere.";
    view! { <DropZone label hint test_id="capture-input" on_file /> }
}
