use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

/// Takes the focus from an element when Escape is pressed, and with it what is shown only while it has the focus.
pub fn leave(event: &KeyboardEvent) {
    let target = event.current_target().filter(|_| event.key() == "Escape");
    if let Some(element) = target.and_then(|it| it.dyn_into::<HtmlElement>().ok()) {
        // An element that keeps the focus is no harm.
        let _ = element.blur();
    }
}
