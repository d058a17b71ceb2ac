//! What a device keeps of a boot that ended badly.

use heapbeacon_shared::api::{PostMortem, Route};
use js_sys::Array;
use leptos::prelude::*;
use web_sys::File;

use super::client::ApiError;
use super::past::if_there_is;
use crate::store::Store;

/// What it is called as a file.
const NAME: &str = "post-mortem.hbc";
/// The same as a capture.
const QUERY: &str = "?format=postcard";

impl Store {
    /// Asks whether a boot before has ended badly.
    pub(super) async fn ask_post_mortem(&self) -> Result<(), ApiError> {
        let client = self.client.get_value();
        let told = client.get::<PostMortem>(Route::PostMortem, "").await;
        let ending = if_there_is(told)?.and_then(|told| told.ending);
        self.ending.set(ending);
        Ok(())
    }

    /// Reads it as a capture file, and hands that over.
    pub fn with_post_mortem(&self, take: impl Fn(File) + 'static) {
        let store = *self;
        self.run(async move {
            let client = store.client.get_value();
            let messages = client.download(Route::PostMortem, QUERY).await?;
            if let Ok(file) = File::new_with_blob_sequence(&Array::of1(&messages), NAME) {
                take(file);
            }
            Ok(())
        });
    }

    /// Has the device forget it.
    pub fn delete_post_mortem(&self) {
        let store = *self;
        self.run(async move {
            let client = store.client.get_value();
            client.post(Route::DeletePostMortem, "", "").await?;
            store.ending.set(None);
            Ok(())
        });
    }
}
