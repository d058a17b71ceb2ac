//! Parts of the page that are no part of the program: scripts that `boot.js` loads once they are shown, and what these ask of the
//! program.

use std::cell::Cell;

use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::location;
use crate::store::sources::Sources;
use crate::store::tape::Tape;

thread_local! {
    static SOURCES: Cell<Option<Sources>> = const { Cell::new(None) };
}

/// Lets the scripts ask what is shown.
pub fn serve(sources: Sources) {
    SOURCES.set(Some(sources));
}

/// Stands where such a part is, by the name of its script.
pub fn later(name: &str) -> AnyView {
    let element = format!("<later-part name={name}></later-part>");
    view! { <div inner_html=element></div> }.into_any()
}

/// Returns what can be exported of what is shown: the address of the device and its token, a capture file, what events have told,
/// the file that names the functions, and the name of the device. What there is not is undefined.
#[wasm_bindgen]
pub fn shown() -> Array {
    let Some(store) = SOURCES.get().map(|sources| untrack(|| sources.shown())) else {
        return Array::new();
    };
    let (base, token) = store.client.with_value(|client| {
        let token = client.token().map(JsValue::from);
        (client.base().into(), token)
    });
    let has_names = store.symbols.read_untracked().source.is_some();
    let names = store.names_file.get_value().filter(|_| has_names);
    let name = store.device.with_untracked(|device| {
        device
            .as_ref()
            .map(|device| JsValue::from(device.name.as_str()))
    });
    let capture = store.capture.get_value().map(JsValue::from);
    let told = store.tape.with_value(Tape::pieces);
    // Those of an earlier trace are of no use.
    let told = told.filter(|_| store.has_events());
    let all = [
        Some(base),
        token,
        capture,
        told.map(JsValue::from),
        names.map(JsValue::from),
        name,
    ];
    all.into_iter().map(Option::unwrap_or_default).collect()
}

/// Completes what a person types to the address of a device, as the rest of the page does.
#[wasm_bindgen(js_name = addressOf)]
pub fn address_of(text: &str) -> Option<String> {
    location::address_of(text)
}
