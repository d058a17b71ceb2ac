//! Keeps ELF files in this browser for the next visit, by build id.

use rexie::{ObjectStore, Rexie, Store, TransactionMode};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::File;

const DATABASE: &str = "heapbeacon";
const FILES: &str = "elf";

/// Keeps a file. A browser that has no room keeps none: then it is asked for again, no more.
pub(super) async fn keep(build_id: &str, file: &File) {
    let kept = with_files(TransactionMode::ReadWrite, async |files| {
        files.put(file, Some(&JsValue::from(build_id))).await
    });
    let _ = kept.await;
}

/// Returns the file of a build, if it was kept.
pub(super) async fn find(build_id: &str) -> Option<File> {
    let found = with_files(TransactionMode::ReadOnly, async |files| {
        files.get(JsValue::from(build_id)).await
    });
    found.await.ok()??.dyn_into().ok()
}

/// Gives the file of a build up.
pub(super) async fn forget(build_id: &str) {
    let forgotten = with_files(TransactionMode::ReadWrite, async |files| {
        files.delete(JsValue::from(build_id)).await
    });
    let _ = forgotten.await;
}

async fn with_files<T>(
    mode: TransactionMode,
    run: impl AsyncFnOnce(&Store) -> Result<T, rexie::Error>,
) -> Result<T, rexie::Error> {
    let database = Rexie::builder(DATABASE)
        .version(1)
        .add_object_store(ObjectStore::new(FILES))
        .build()
        .await?;
    let transaction = database.transaction(&[FILES], mode)?;
    let result = run(&transaction.store(FILES)?).await?;
    transaction.done().await?;
    database.close();
    Ok(result)
}
