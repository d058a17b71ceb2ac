use wasm_bindgen::JsCast;
use web_sys::{HtmlDocument, HtmlTextAreaElement};

/// Puts a text into the clipboard; returns whether the browser did.
///
/// By way of a selection: the newer `navigator.clipboard` is missing on pages served over plain
/// HTTP, and a device serves no other.
pub fn copy_text(text: &str) -> bool {
    let copy = || -> Option<bool> {
        let document: HtmlDocument = web_sys::window()?.document()?.dyn_into().ok()?;
        let area: HtmlTextAreaElement =
            document.create_element("textarea").ok()?.dyn_into().ok()?;
        area.set_value(text);
        let focused = document.active_element();
        let body = document.body()?;
        body.append_child(&area).ok()?;
        area.select();
        let copied = document.exec_command("copy").unwrap_or(false);
        area.remove();
        if let Some(element) = focused.and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
            // A page without its former focus is a small loss.
            let _ = element.focus();
        }
        Some(copied)
    };
    copy().unwrap_or(false)
}
