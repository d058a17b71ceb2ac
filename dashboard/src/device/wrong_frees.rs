//! The call stacks that the latest wrong frees name: a list of live blocks need not have them.

use std::sync::Arc;

use heapbeacon_shared::api::{Route, Stack, Trace};
use heapbeacon_shared::capture::{CaptureReader, Page};
use leptos::prelude::*;

use super::client::ApiError;
use crate::store::Store;
use crate::symbols::names::NamedStack;

impl Store {
    /// Returns a call stack by its id, with names, where the page has it.
    pub fn named_stack(&self, id: u32) -> Option<Arc<NamedStack>> {
        let of_file = self.records.read();
        let known = self.wrong_free_stacks.read();
        let mut stacks = known.iter().chain(of_file.stacks.iter());
        let stack = stacks.find(|stack| stack.id == id)?;
        self.names.try_update_value(|names| names.of(stack))
    }

    /// Asks for the call stacks of wrong frees that are not known yet.
    pub(super) async fn ask_wrong_free_stacks(&self) -> Result<(), ApiError> {
        let wanted = self
            .trace
            .with_untracked(|trace| trace.as_ref().map_or(Vec::new(), named));
        let known = |id: &u32| {
            let stacks = self.wrong_free_stacks.read_untracked();
            stacks.iter().any(|stack| stack.id == *id)
        };
        for id in wanted {
            if !known(&id) {
                let stack = self.ask_stack(id).await?;
                self.learn(self.names.with_value(|names| names.wanted(&stack, [])))
                    .await;
                self.wrong_free_stacks.update(|stacks| stacks.extend(stack));
            }
        }
        Ok(())
    }

    async fn ask_stack(&self, id: u32) -> Result<Option<Stack>, ApiError> {
        let client = self.client.get_value();
        let page = client.messages(Route::Stacks, &query(id)).await?;
        let mut reader = CaptureReader::new();
        if reader.take_page(&page)? == Page::Other {
            return Ok(None);
        }
        let (_, stacks) = reader.into_records();
        Ok(stacks.into_iter().find(|stack| stack.id == id))
    }
}

/// Returns the ids of all call stacks that wrong frees name, each once.
fn named(trace: &Trace) -> Vec<u32> {
    let wrong_frees = trace.recent_wrong_frees.iter();
    let ids = wrong_frees.flat_map(|wrong| [wrong.freed_by, wrong.first_freed_by, wrong.owner]);
    let mut ids: Vec<u32> = ids.flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Returns the query for one call stack. The lower half of an id is its place in the table; a page begins behind one.
fn query(id: u32) -> String {
    match (id & 0xffff).checked_sub(1) {
        Some(before) => format!("?limit=1&after={before}"),
        None => "?limit=1".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use heapbeacon_shared::trace::WrongFree;

    use super::*;

    #[test]
    fn a_call_stack_is_asked_for_by_the_place_before_its_own() {
        assert_eq!(query(0), "?limit=1");
        assert_eq!(query(1), "?limit=1&after=0");
        assert_eq!(query(0x3_0007), "?limit=1&after=6");
    }

    #[test]
    fn every_call_stack_is_named_once() {
        let wrong = WrongFree {
            owner: Some(7),
            freed_by: Some(9),
            first_freed_by: Some(8),
            ..WrongFree::default()
        };
        let again = WrongFree {
            owner: Some(7),
            freed_by: None,
            ..wrong
        };
        let trace = Trace {
            recent_wrong_frees: [wrong, again].into_iter().collect(),
            ..Trace::default()
        };
        assert_eq!(named(&trace), [7, 8, 9]);
    }
}
