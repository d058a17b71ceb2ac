//! Caches ELF files in this browser for the next visit, by build id.

use rexie::{ObjectStore, Rexie, TransactionMode};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::File;

const DATABASE: &str = "heapbeacon";
const FILES: &str = "elf";

/// What is done with the entry of a build.
enum Request<'f> {
    Put(&'f File),
    Get,
    Delete,
}

/// Caches the ELF of a build. If the browser has no room for it, it is asked for again at the next visit.
pub(super) async fn put(build_id: &str, file: &File) {
    // Without a build id nobody can tell whose file it is.
    if !build_id.is_empty() {
        let _ = run(Request::Put(file), build_id).await;
    }
}

/// Returns the cached ELF of a build, if there is one.
pub(super) async fn get(build_id: &str) -> Option<File> {
    let found = run(Request::Get, build_id).await;
    found.ok()??.dyn_into().ok()
}

/// Deletes the cached ELF of a build.
pub(super) async fn delete(build_id: &str) {
    let _ = run(Request::Delete, build_id).await;
}

async fn run(request: Request<'_>, build_id: &str) -> Result<Option<JsValue>, rexie::Error> {
    let database = Rexie::builder(DATABASE)
        .version(1)
        .add_object_store(ObjectStore::new(FILES))
        .build()
        .await?;
    let transaction = database.transaction(&[FILES], TransactionMode::ReadWrite)?;
    let files = transaction.store(FILES)?;
    let key = JsValue::from(build_id);
    let found = match request {
        Request::Put(file) => files.put(file, Some(&key)).await.map(|_| None),
        Request::Get => files.get(key).await,
        Request::Delete => files.delete(key).await.map(|()| None),
    }?;
    transaction.done().await?;
    database.close();
    Ok(found)
}
