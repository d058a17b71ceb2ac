//! Files that the page hands to the browser.

use gloo_timers::future::TimeoutFuture;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use web_sys::{Blob, HtmlElement, Url};

/// Milliseconds until the browser has surely begun to read what it saves.
const GRACE_MS: u32 = 60_000;

/// Saves bytes as a file with this name; returns whether the browser takes them.
pub fn save(bytes: &Blob, name: &str) -> bool {
    let url = Url::create_object_url_with_blob(bytes);
    url.is_ok_and(|url| {
        let is_saved = follow(&url, name).is_some();
        spawn_local(async move {
            TimeoutFuture::new(GRACE_MS).await;
            // Nothing is lost if that fails.
            let _ = Url::revoke_object_url(&url);
        });
        is_saved
    })
}

/// Follows a link that says to save what is behind it.
fn follow(url: &str, name: &str) -> Option<()> {
    let link = web_sys::window()?.document()?.create_element("a").ok()?;
    link.set_attribute("href", url).ok()?;
    link.set_attribute("download", name).ok()?;
    link.dyn_into::<HtmlElement>().ok()?.click();
    Some(())
}
