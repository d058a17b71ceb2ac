//! Frees of what is no block: who freed, whose block it was, and who had freed it before.

use std::sync::Arc;

use heapbeacon_shared::trace::{WrongFree, WrongFreeKind};
use leptos::prelude::*;

use crate::components::{CallStack, memo};
use crate::store::Store;
use crate::symbols::names::NamedStack;

/// Somebody who had to do with a wrong free.
#[derive(Clone, PartialEq)]
struct Party {
    role: &'static str,
    stack: Option<Arc<NamedStack>>,
}

/// A wrong free as the page shows it.
#[derive(Clone, PartialEq)]
struct Shown {
    title: String,
    parties: Vec<Party>,
}

/// Lists the latest wrong frees, newest first; nothing if there are none.
#[component]
pub fn WrongFrees() -> impl IntoView {
    let store = Store::of_app();
    // Drawn anew only when there is something else to show: call stacks stay open.
    let shown = memo(move || shown(store));
    move || {
        let list: Vec<AnyView> = shown.read().iter().map(drawn).collect();
        (!list.is_empty()).then(|| {
            view! {
                <section class="panel" data-testid="wrong-frees">
                    <h2>"Wrong frees"</h2>
                    <p class="note">
                        "Each is a bug in the firmware: a pointer was freed that no block begins at. The latest:"
                    </p>
                    <ul class="losses">{list}</ul>
                </section>
            }
        })
    }
}

fn shown(store: Store) -> Vec<Shown> {
    store.symbols.track();
    let trace = store.trace.read();
    let latest = trace.iter().flat_map(|trace| &trace.recent_wrong_frees);
    let latest = latest.rev().map(|wrong| Shown {
        title: title(wrong),
        parties: parties(store, wrong),
    });
    latest.collect()
}

fn title(wrong: &WrongFree) -> String {
    match wrong.kind {
        WrongFreeKind::Double => format!("The block at {} was freed twice.", wrong.block),
        WrongFreeKind::Inside => format!(
            "{} was freed, inside the live block at {}.",
            wrong.address, wrong.block
        ),
    }
}

fn parties(store: Store, wrong: &WrongFree) -> Vec<Party> {
    let party = |role, id: Option<u32>| Party {
        role,
        stack: id.and_then(|id| store.named_stack(id)),
    };
    let mut parties = vec![party("Freed by", wrong.freed_by)];
    if wrong.kind == WrongFreeKind::Double {
        parties.push(party("Freed before by", wrong.first_freed_by));
    }
    parties.push(party("Allocated by", wrong.owner));
    parties
}

fn drawn(wrong: &Shown) -> AnyView {
    let parties: Vec<AnyView> = wrong.parties.iter().map(party).collect();
    let title = wrong.title.clone();
    view! { <li>{title} {parties}</li> }.into_any()
}

fn party(party: &Party) -> AnyView {
    let role = party.role;
    let Some(stack) = party.stack.clone() else {
        return view! { <p class="stack-title">{role} ": not known"</p> }.into_any();
    };
    let (name, place) = (stack.name.clone(), stack.place.clone());
    view! {
        <details class="folded">
            <summary>{role} " " <code>{name}</code> " " <code>{place}</code></summary>
            <CallStack stack />
        </details>
    }
    .into_any()
}
