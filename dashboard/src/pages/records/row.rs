use std::collections::HashMap;
use std::sync::Arc;

use heapbeacon_shared::analysis::Lived;
use heapbeacon_shared::api::Record;
use heapbeacon_shared::trace::Origin;
use leptos::prelude::*;

use crate::format;
use crate::model::record_list::RecordList;
use crate::store::Store;
use crate::symbols::names::NamedStack;

/// A record as a row shows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) seq: u64,
    pub(super) age_us: u64,
    pub(super) age: String,
    pub(super) address: String,
    pub(super) block: Lived,
    pub(super) task: String,
    pub(super) site: Arc<NamedStack>,
    pub(super) origin: Origin,
    pub(super) freed: Option<String>,
    pub(super) freed_by: Option<Arc<NamedStack>>,
}

impl Row {
    pub(super) fn matches(&self, text: &str) -> bool {
        let holds = |words: &str| words.to_ascii_lowercase().contains(text);
        let place = self.site.place.as_deref().unwrap_or_default();
        [&self.site.name, place, &self.task, &self.address]
            .into_iter()
            .any(holds)
    }

    /// Names what is drawn of it: all that may change while the record stays.
    pub(super) fn key(&self, colour: &str) -> String {
        let Self { seq, age, site, .. } = self;
        let freed = self.freed.as_deref().unwrap_or_default();
        format!("{seq} {age} {freed} {colour} {}", site.key)
    }
}

/// Names the records of a list, the newest first.
pub(super) fn rows(store: Store, list: &RecordList) -> Vec<Row> {
    let mut named = HashMap::new();
    store.names.update_value(|names| {
        for stack in &list.stacks {
            named.insert(stack.id, (names.of(stack), stack.origin));
        }
    });
    let unknown = (Arc::new(NamedStack::default()), Origin::default());
    let stack_of = |record: &Record| named.get(&record.stack).unwrap_or(&unknown).clone();
    let task = |given: &str| store.names.with_value(|names| names.task(given));
    let row = |record: &Record| {
        let (site, origin) = stack_of(record);
        let age_us = list.read_us.saturating_sub(record.time_us);
        let freed_by = record.freed_stack.and_then(|id| named.get(&id));
        Row {
            seq: record.seq,
            age_us,
            age: format::duration(age_us),
            freed_by: freed_by.map(|(stack, _)| stack.clone()),
            address: record.address.to_string(),
            block: record.lived(),
            task: record.task.as_deref().map(task).unwrap_or_default(),
            site,
            origin,
            freed: record.freed.then(|| match record.freed_time_us {
                Some(freed_us) => format!(
                    "after {}",
                    format::duration(freed_us.saturating_sub(record.time_us))
                ),
                None => "yes".to_owned(),
            }),
        }
    };
    // The newest first: that is what somebody looks for.
    list.records.iter().rev().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_drawn_anew_when_what_it_shows_changes_and_only_then() {
        let row = || Row {
            seq: 7,
            age_us: 3_000_000,
            age: "3 s".to_owned(),
            address: "0x3fc90000".to_owned(),
            block: Lived::default(),
            task: "main".to_owned(),
            site: Arc::default(),
            origin: Origin::Application,
            freed: None,
            freed_by: None,
        };
        let named = NamedStack {
            key: "Table::open src/session.rs:52".to_owned(),
            ..NamedStack::default()
        };
        let changed = [
            Row {
                site: named.into(),
                ..row()
            },
            Row {
                age: "9 s".to_owned(),
                ..row()
            },
            Row {
                freed: Some("after 5 s".to_owned()),
                ..row()
            },
        ];
        assert_eq!(row().key("c0"), row().key("c0"));
        assert_ne!(row().key("c0"), row().key("c1"));
        for changed in changed {
            assert_ne!(row().key("c0"), changed.key("c0"), "{changed:?}");
        }
    }
}
