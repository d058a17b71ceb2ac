//! Keeps ELF files in this browser for the next visit, by build id.

use rexie::{ObjectStore, Rexie, TransactionMode};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::File;

const DATABASE: &str = "heapbeacon";
const FILES: &str = "elf";

/// What is done with the file of a build.
enum Wish<'f> {
    Keep(&'f File),
    Find,
    Forget,
}

/// Keeps the file of a build. A browser that has no room keeps none: then it is asked for again, no more.
pub(super) async fn keep(build_id: &str, file: &File) {
    // Without a build id nobody can tell whose file it is.
    if !build_id.is_empty() {
        let _ = fulfil(Wish::Keep(file), build_id).await;
    }
}

/// Returns the file of a build, if it was kept.
pub(super) async fn find(build_id: &str) -> Option<File> {
    let found = fulfil(Wish::Find, build_id).await;
    found.ok()??.dyn_into().ok()
}

/// Gives the file of a build up.
pub(super) async fn forget(build_id: &str) {
    let _ = fulfil(Wish::Forget, build_id).await;
}

async fn fulfil(wish: Wish<'_>, build_id: &str) -> Result<Option<JsValue>, rexie::Error> {
    let database = Rexie::builder(DATABASE)
        .version(1)
        .add_object_store(ObjectStore::new(FILES))
        .build()
        .await?;
    let transaction = database.transaction(&[FILES], TransactionMode::ReadWrite)?;
    let files = transaction.store(FILES)?;
    let key = JsValue::from(build_id);
    let found = match wish {
        Wish::Keep(file) => files.put(file, Some(&key)).await.map(|_| None),
        Wish::Find => files.get(key).await,
        Wish::Forget => files.delete(key).await.map(|()| None),
    }?;
    transaction.done().await?;
    database.close();
    Ok(found)
}
