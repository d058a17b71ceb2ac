//! Puts HeapBeacon's page into the browser.

#![forbid(unsafe_code)]

use heapbeacon_dashboard::App;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(App);
    // What index.html shows until this runs.
    if let Some(loading) = leptos::prelude::document().get_element_by_id("loading") {
        loading.remove();
    }
}
