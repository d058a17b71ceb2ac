//! What the device remembers of the time before this page opened: how full its heap was, and which moments were named.

use heapbeacon_shared::api::{Device, HeapHistory, MarksPage, Route};
use leptos::prelude::*;

use super::client::ApiError;
use crate::model::past::samples;
use crate::store::Store;

/// HTTP status where the device has no such thing.
const NOT_FOUND: u16 = 404;

impl Store {
    /// Asks what there was before this page noticed the boot that runs: how full its heap was, how the boot before has ended, and which
    /// switches are on. Until it is told, which is noted.
    pub(super) async fn ask_before(&self, told: &mut Option<u32>) -> Result<(), ApiError> {
        let boot_id = |device: &Option<Device>| device.as_ref().map(|device| device.boot_id);
        let boot_id = self.device.with_untracked(boot_id);
        if *told == boot_id {
            return Ok(());
        }
        match self.ask_before_now().await {
            // The next round asks again; the device has answered this one.
            Err(error) if error.may_pass() => Ok(()),
            outcome => {
                *told = boot_id;
                outcome
            }
        }
    }

    async fn ask_before_now(&self) -> Result<(), ApiError> {
        self.ask_past().await?;
        self.ask_post_mortem().await?;
        self.ask_demo().await
    }

    /// Asks how full the heap was before.
    async fn ask_past(&self) -> Result<(), ApiError> {
        let client = self.client.get_value();
        let history = client.get::<HeapHistory>(Route::HeapHistory, "").await;
        let Some(history) = if_there_is(history)? else {
            return Ok(());
        };
        let past = self
            .heap
            .with_untracked(|heap| heap.as_ref().map(|heap| samples(&history, heap)));
        self.heap_history
            .update(|known| known.set_past(past.unwrap_or_default()));
        Ok(())
    }

    /// Asks for the moments that were named.
    pub(super) async fn ask_marks(&self) -> Result<(), ApiError> {
        let client = self.client.get_value();
        let marks = client.get::<MarksPage>(Route::Marks, "").await;
        if let Some(marks) = if_there_is(marks)? {
            self.marks.set(marks);
        }
        Ok(())
    }
}

/// Returns an answer, if the device has what was asked for: an agent of an older version does not.
pub(super) fn if_there_is<T>(answer: Result<T, ApiError>) -> Result<Option<T>, ApiError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(ApiError::Refused(problem)) if problem.status == NOT_FOUND => Ok(None),
        Err(error) => Err(error),
    }
}
