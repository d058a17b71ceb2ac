use std::sync::Arc;

use heapbeacon_shared::analysis::Lived;

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
    pub(super) freed: Option<String>,
    pub(super) freed_by: Option<Arc<NamedStack>>,
}

impl Row {
    /// Names what is drawn of it: all that may change while the record stays.
    pub(super) fn key(&self, colour: &str) -> String {
        let Self { seq, age, site, .. } = self;
        let freed = self.freed.as_deref().unwrap_or_default();
        format!("{seq} {age} {freed} {colour} {}", site.key)
    }
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
