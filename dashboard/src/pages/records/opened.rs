use std::sync::Arc;

use leptos::prelude::*;

use super::filter::Wanted;
use super::row::Row;
use crate::components::CallStack;
use crate::format;
use crate::location::Page;
use crate::model::holders::Scanned;
use crate::pages::leaks::HoldersPart;
use crate::store::Store;
use crate::symbols::names::NamedStack;

/// Draws what is known of a record beside its row: who allocated, freed and holds the block.
pub(super) fn opened(store: Store, wanted: Wanted, row: &Row) -> AnyView {
    let label = format!("Record {}", format::count(row.seq));
    view! {
        <tr class="stacks" data-testid="opened-record">
            <td colspan="3">
                <div class="of-record" role="region" tabindex="0" aria-label=label>
                    <p class="stack-title">{facts(row)}</p>
                    <CallStack stack=row.site.clone() />
                    {end(store, row)}
                    {links(wanted, row)}
                </div>
            </td>
        </tr>
    }
    .into_any()
}

/// Says what columns say, too, that a narrow window leaves out.
fn facts(row: &Row) -> String {
    let by = match row.task.as_str() {
        "" => String::new(),
        task => format!(" by task {task}"),
    };
    let size = format::plural(row.block.size, "byte");
    let ago = match row.age_us {
        0 => String::new(),
        age_us => format!(", {} before the list was read", format::duration(age_us)),
    };
    format!("{size} at {} were allocated{by}{ago}:", row.address)
}

/// Shows who freed the block, or who holds it.
fn end(store: Store, row: &Row) -> AnyView {
    let Some(freed) = &row.freed else {
        let seq = row.seq;
        let held = move |scan: &Scanned| {
            store
                .names
                .try_update_value(|names| scan.held_one(seq, names))
        };
        return view! { <HoldersPart held=Box::new(held) /> }.into_any();
    };
    let words = match (freed.as_str(), &row.freed_by) {
        ("yes", Some(_)) => "It was freed by:".to_owned(),
        ("yes", None) => "It was freed; nobody saw by whom, or when.".to_owned(),
        (after, Some(_)) => format!("It was freed {after}, by:"),
        (after, None) => format!("It was freed {after}; who did that is not known."),
    };
    let stack = row.freed_by.clone();
    let stack = stack.map(|stack: Arc<NamedStack>| view! { <CallStack stack /> });
    view! {
        <p class="stack-title" data-testid="freed-by">{words}</p>
        {stack}
    }
    .into_any()
}

fn links(wanted: Wanted, row: &Row) -> AnyView {
    let stack = row.block.stack.to_string();
    let href = format!(
        "{}?filter={}",
        Page::Leaks.link(),
        js_sys::encode_uri_component(&row.site.name)
    );
    view! {
        <p class="row">
            <button type="button" data-testid="only-stack" on:click=move |_| wanted.stack.set(stack.clone())>
                "Only this call stack"
            </button>
            <a href=href>"Its call site on Leaks"</a>
        </p>
    }
    .into_any()
}
