//! What a device keeps of its users' wishes.

use heapbeacon_shared::api::{Route, Settings, SettingsRequest};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::client::ApiError;
use super::past::if_there_is;
use crate::store::Store;

impl Store {
    /// Asks what the device keeps; while it does not answer, nothing is known of that.
    pub fn load_settings(&self) {
        let store = *self;
        spawn_local(async move {
            let _ = store.ask_settings().await;
        });
    }

    /// Restarts the device.
    pub fn restart_device(&self) {
        self.command(Route::Restart);
    }

    /// Has the device keep something else; `then` is called once it does.
    pub fn set_settings(&self, request: SettingsRequest, then: impl Fn() + 'static) {
        let store = *self;
        self.run(async move {
            let client = store.client.get_value();
            // There is JSON for every request.
            let body = serde_json::to_string(&request).unwrap_or_default();
            client.post(Route::SetSettings, "", &body).await?;
            store.saw("settings changed".to_owned());
            // It is wanted from the next request on.
            if let Some(token) = request.control_token.filter(|token| !token.is_empty()) {
                store.use_token(token.to_string());
            }
            then();
            store.ask_settings().await
        });
    }

    /// Has the device do now what a trigger is for.
    pub fn try_trigger(&self, index: usize) {
        let store = *self;
        self.run(async move {
            let client = store.client.get_value();
            client
                .post(Route::TryTrigger, &index.to_string(), "")
                .await?;
            store.ask_marks().await?;
            store.ask_trace().await?;
            store.ask_settings().await
        });
    }

    async fn ask_settings(&self) -> Result<(), ApiError> {
        let client = self.client.get_value();
        let settings = client.get::<Settings>(Route::Settings, "").await;
        self.settings.set(if_there_is(settings)?);
        Ok(())
    }
}
