//! Caches ELF files in this browser for the next visit, by build id: `boot.js` knows its database.

use js_sys::{Function, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

/// What runs a request of the database.
const CACHE: &str = "elfCache";

/// Caches the ELF of a build. If the browser has no room for it, it is asked for again at the next visit.
pub(super) async fn put(build_id: &str, file: &File) {
    // Without a build id nobody can tell whose file it is.
    if !build_id.is_empty() {
        run("put", build_id, file).await;
    }
}

/// Returns the cached ELF of a build, if there is one.
pub(super) async fn get(build_id: &str) -> Option<File> {
    let found = run("get", build_id, &JsValue::UNDEFINED).await;
    found?.dyn_into().ok()
}

/// Deletes the cached ELF of a build.
pub(super) async fn delete(build_id: &str) {
    run("delete", build_id, &JsValue::UNDEFINED).await;
}

/// Runs a request, which `put` has a file for; returns what came of it, or `None` if the browser refuses.
async fn run(request: &str, build_id: &str, file: &JsValue) -> Option<JsValue> {
    let cache = Reflect::get(&window(), &CACHE.into()).ok()?;
    let cache: Function = cache.dyn_into().ok()?;
    let (request, key) = (request.into(), build_id.into());
    let outcome = cache.call3(&JsValue::NULL, &request, &key, file).ok()?;
    let outcome: Promise = outcome.dyn_into().ok()?;
    JsFuture::from(outcome).await.ok()
}
