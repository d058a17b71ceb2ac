//! A server that has the symbol files of builds: for devices that do not carry their own names, and for captures of old builds.

use gloo_net::http::Request;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Response};

use crate::store::settings;

/// What stands for the build id in an address.
pub const BUILD_ID: &str = "{build_id}";
/// What keeps the address in this browser.
const KEY: &str = "heapbeacon-symbols";

/// Returns the address that somebody gave, with [`BUILD_ID`] in it; empty if nobody did.
pub fn kept() -> String {
    settings::kept(KEY).unwrap_or_default()
}

/// Keeps an address for every device; an empty one is none.
///
/// # Errors
/// A sentence: what is wrong with it.
pub fn keep(address: &str) -> Result<(), String> {
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    let is_complete = is_web && address.contains(BUILD_ID);
    if !(address.is_empty() || is_complete) {
        return Err(format!(
            "An address begins with https:// and has {BUILD_ID} where the build id belongs."
        ));
    }
    settings::keep(KEY, Some(address).filter(|address| !address.is_empty()));
    Ok(())
}

/// Fetches the names of a build; `None` where nobody said from where.
///
/// # Errors
/// A sentence: why there are none.
pub(super) async fn fetch(build_id: &str) -> Option<Result<Blob, String>> {
    let address = kept();
    if address.is_empty() || build_id.is_empty() {
        return None;
    }
    let address = address.replace(BUILD_ID, build_id);
    Some(
        get(&address)
            .await
            .map_err(|reason| format!("No names came from {address}: {reason}.")),
    )
}

async fn get(address: &str) -> Result<Blob, String> {
    let unreachable =
        "nobody answers there, or the answer does not allow this page to read it (CORS)";
    let answer = Request::get(address).send().await;
    let answer = answer.map_err(|_| unreachable.to_owned())?;
    if !answer.ok() {
        return Err(format!("the server answers with {}", answer.status()));
    }
    let body = Response::from(answer).blob();
    let body = body.map_err(|_| unreachable.to_owned())?;
    let body = JsFuture::from(body).await;
    body.map(JsCast::unchecked_into)
        .map_err(|_| unreachable.to_owned())
}
