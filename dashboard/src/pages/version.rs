use std::borrow::Cow;

use heapbeacon_shared::report::{Version, leaks_at};
use leptos::prelude::*;

use super::span::marks;
use crate::format;
use crate::store::Store;

/// Returns the call sites of a source: as they were last told, or as records tell that they were at the moment of a mark. `None` where
/// too little is known so far.
pub(super) fn version(store: Store, at_us: Option<u64>) -> Option<Version> {
    let (device, trace) = (store.device.read(), store.trace.read());
    let (device, mut trace) = (device.as_ref()?, trace.clone()?);
    let leaks = store.leaks.read();
    let mut leaks = Cow::Borrowed(leaks.as_ref()?);
    if let Some(at_us) = at_us {
        let records = store.records.read();
        let period = &leaks.period;
        leaks = Cow::Owned(leaks_at(&records.records, &records.stacks, period, at_us));
        trace.summary.time_us = at_us;
    }
    let title = title(store, at_us);
    store.names.with_value(|names| {
        let functions = |address| names.functions(address);
        Some(Version::new(title, device, &trace, &leaks, functions))
    })
}

/// Returns what a source is called, now or at the moment of a mark.
pub(super) fn title(store: Store, at_us: Option<u64>) -> String {
    let opened = store.opened.read();
    let device = store.device.read();
    let name = match (opened.as_ref(), device.as_ref()) {
        (Some(opened), _) => opened.name.clone(),
        (None, Some(device)) if !device.name.is_empty() => device.name.to_string(),
        _ => "the device".to_owned(),
    };
    match at_us {
        None if store.is_file => name,
        None => format!("{name} now"),
        Some(at_us) => {
            let marks = marks(store);
            let mark = marks.iter().find(|mark| mark.time_us == at_us);
            let mark = mark.map_or_else(
                || format::duration(at_us),
                |mark| format!("“{}”", mark.name),
            );
            format!("{name} at {mark}")
        }
    }
}
