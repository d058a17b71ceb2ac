use heapbeacon_shared::report::{Moment, Report};
use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::File;

use super::version::version;
use crate::files::save::save;
use crate::model::finding::{Finding, Part};
use crate::model::heap_sample::HeapSample;
use crate::store::Store;

/// Saves what is known as one file that anybody can open: for a ticket.
#[component]
pub(super) fn SaveReport(
    /// What the page says of it.
    found: Memo<Finding>,
) -> impl IntoView {
    let store = Store::of_app();
    let click = move |_| {
        let is_saved = untrack(|| report(store, &found.read())).and_then(|html| {
            let name = format!("heap-report{}.html", named(store));
            let parts = Array::of1(&JsValue::from_str(&html));
            let file = File::new_with_str_sequence(&parts, &name).ok()?;
            save(&file, &name).then_some(())
        });
        if is_saved.is_none() {
            let text = "The browser did not save the report.".to_owned();
            store.notices.show_error(text);
        }
    };
    view! {
        <button type="button" data-testid="save-report" on:click=click>
            "Save as report"
        </button>
    }
}

/// Writes the report; `None` where too little is known so far.
fn report(store: Store, found: &Finding) -> Option<String> {
    let version = version(store, None)?;
    let verdict = sentences(found);
    let (device, heap) = (store.device.read(), store.heap.read());
    let losses = store.opened.with(|opened| {
        let loss = opened.as_ref().map(|opened| opened.loss.sentences());
        loss.unwrap_or_default()
    });
    let moment = |sample: &HeapSample| Moment {
        time_us: sample.time_us,
        used: sample.used,
        largest_free_block: sample.largest_free_block,
    };
    let history = store.heap_history.read();
    let samples = history.timeline(u64::MAX);
    let moments: Vec<_> = samples.iter().map(moment).collect();
    let records = store.records.read();
    let report = Report {
        version: &version,
        device: device.as_ref()?,
        heap: heap.as_ref()?,
        moments: &moments,
        boots_us: &history.earlier().boots_us(),
        records: &records.records,
        records_age_us: version.summary.time_us.saturating_sub(records.read_us),
        verdict: Some(&verdict),
        losses: &losses,
    };
    Some(report.html())
}

/// Returns what the page says of it, sentence by sentence.
fn sentences(found: &Finding) -> Vec<String> {
    let words = |part: &Part| match part {
        Part::Text(text) | Part::Code(text) | Part::Strong(text) => text.clone(),
    };
    let details = found
        .details
        .iter()
        .map(|parts| parts.iter().map(words).collect());
    [found.headline.clone()]
        .into_iter()
        .chain(details)
        .chain([found.facts.clone()])
        .collect()
}

/// Returns what of the device's name may stand in that of a file.
fn named(store: Store) -> String {
    let device = untrack(|| store.device.get());
    let name = device
        .map(|device| device.name.to_string())
        .unwrap_or_default();
    let letters = name
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-');
    let name: String = letters.collect();
    if name.is_empty() {
        name
    } else {
        format!("-{name}")
    }
}
