use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::ResizeObserver;

use super::follow;

/// Width in pixels before the element was measured.
const UNMEASURED: f64 = 640.0;

/// Follows the width of an element, in pixels, so that text in a drawing is never stretched.
pub fn use_width(element: NodeRef<Div>) -> RwSignal<f64> {
    let width = RwSignal::new(UNMEASURED);
    follow(move || {
        let Some(element) = element.get() else { return };
        let observed = element.clone();
        let measure = move || {
            let measured = f64::from(observed.client_width());
            if measured > 0.0 && measured != width.get_untracked() {
                width.set(measured);
            }
        };
        measure();
        let changed = Closure::<dyn FnMut()>::new(measure);
        let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) else {
            return;
        };
        observer.observe(&element);
        // The observer calls back for as long as the element is on the page.
        let kept = StoredValue::new_local(Some((observer, changed)));
        on_cleanup(move || {
            if let Some((observer, _)) = kept.try_update_value(Option::take).flatten() {
                observer.disconnect();
            }
        });
    });
    width
}
