//! What passes through the heap: sizes, lifetimes, and what is gone at once.

use std::sync::Arc;

use heapbeacon_shared::analysis::{Lived, Traffic};
use heapbeacon_shared::api::Record;
use leptos::prelude::*;

use super::lost::missing_of_records;
use crate::components::{When, memo};
use crate::format;
use crate::model::passing::{Bar, LOOKED_AT, Passing};
use crate::model::record_list::RecordList;
use crate::store::Store;

/// Shows what the page is told by events, while they come.
#[component]
pub(super) fn Followed() -> impl IntoView {
    let store = Store::of_app();
    let passing = memo(move || {
        let following = store.following.read();
        following
            .as_ref()
            .map_or_else(Arc::default, |following| Arc::clone(&following.passing))
    });
    let note = move || {
        let following = store.following.read();
        let following = following.as_ref()?;
        let events = format::plural(following.events, "event");
        let dropped = match following.dropped {
            0 => "none was dropped".to_owned(),
            dropped => format!(
                "{} more came too fast for this page, the network or the device, and are not counted here",
                format::count(dropped)
            ),
        };
        let now = if following.is_open {
            ""
        } else {
            " The connection broke, and is tried again."
        };
        Some(format!(
            "By {events} that the device told this page of; {dropped}.{now}"
        ))
    };
    view! {
        <When is=move || !passing.read().is_empty()>
            <PassingPanel passing note=Signal::derive(move || note().unwrap_or_default()) />
        </When>
    }
}

/// Shows sizes, lifetimes and ages of the blocks that are listed; and of all mode, what passes.
#[component]
pub(super) fn Recorded(
    /// The blocks that are listed.
    blocks: Box<dyn Fn() -> Vec<Lived> + Send + Sync>,
) -> impl IntoView {
    let store = Store::of_app();
    // Of all records, whichever are listed.
    let of_all = memo(move || {
        store.symbols.track();
        let list = store.records.read();
        match list.records.iter().any(|record| record.freed) {
            true => of_records(store, &list).into(),
            false => Arc::default(),
        }
    });
    let passing = memo(move || {
        let read_us = store.records.read().read_us;
        let words = of_all.read().words.clone();
        Arc::new(Passing::of_blocks(blocks().iter(), read_us, words))
    });
    let note = move || {
        let sizes = passing.read();
        let listed = sizes.sizes.iter().map(|bar| bar.count).sum::<u64>();
        let all = store.records.read().records.len() as u64;
        let records = format::plural(listed, "record");
        let of = match listed == all {
            true => format!("By {records}."),
            false => format!(
                "By the {records} that are listed above, of {}.",
                format::count(all)
            ),
        };
        format!("{of} {}", missing_of_records(store))
    };
    view! {
        <When is=move || !passing.read().is_empty()>
            <PassingPanel passing note=Signal::derive(note) />
        </When>
    }
}

fn of_records(store: Store, list: &RecordList) -> Passing {
    let blocks: Vec<_> = list.records.iter().map(Record::lived).collect();
    let traffic = Traffic::of(&blocks);
    let temporary = traffic.most_temporary(LOOKED_AT).into_iter();
    let name = |(id, count)| {
        let stack = list.stacks.iter().find(|stack| stack.id == id)?;
        let named = store.names.try_update_value(|names| names.of(stack))?;
        Some((named.name.clone(), count))
    };
    Passing::of(&traffic, temporary.filter_map(name).collect())
}

/// Shows what passed, in a sentence and two charts; `note` says what it is told from.
#[component]
pub(super) fn PassingPanel(passing: Memo<Arc<Passing>>, note: Signal<String>) -> impl IntoView {
    view! {
        <section class="panel passing" data-testid="passing">
            <h2>
                {move || match passing.read().words.is_empty() {
                    true => "Sizes and ages",
                    false => "What passes",
                }}
            </h2>
            <p>{move || passing.read().words.clone()}</p>
            <div class="histograms">
                {move || histogram("Bytes of a block, from", &passing.read().sizes)}
                {move || histogram("Lifetime of a freed block, from", &passing.read().lifetimes)}
                {move || histogram("Age of a live block, from", &passing.read().ages)}
            </div>
            <p class="note">{note}</p>
        </section>
    }
}

fn histogram(title: &'static str, bars: &[Bar]) -> Option<AnyView> {
    let bar = |bar: &Bar| {
        let share = bar.percent.to_string();
        view! {
            <tr>
                <th scope="row">{bar.label.clone()}</th>
                <td class="bar">
                    <i style:--share=share aria-hidden="true"></i>
                </td>
                <td class="r">{format::count(bar.count)}</td>
            </tr>
        }
        .into_any()
    };
    (!bars.is_empty()).then(|| {
        view! {
            <table class="histogram">
                <caption>{title}</caption>
                <tbody>{bars.iter().map(bar).collect::<Vec<AnyView>>()}</tbody>
            </table>
        }
        .into_any()
    })
}
